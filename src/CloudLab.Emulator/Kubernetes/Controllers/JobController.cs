using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Runs the pods of Jobs until enough have succeeded or too many failed.</summary>
internal sealed class JobController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "batch/jobs";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => SelfOrOwners(change, Shelf, "/pods");

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } job || Pods.IsDeleting(job))
        {
            return null;
        }

        if (job.Text("status", "completionTime") is not null || job.Items("status", "conditions").Any(c => c.Text("type") == "Failed" && c.Text("status") == "True"))
        {
            return Expire(job);
        }

        List<JsonObject> pods = Cluster.Claim("/pods", job, LabelSelector.FromObject(job.At("spec", "selector")));
        int succeeded = pods.Count(pod => pod.Text("status", "phase") == "Succeeded"), failed = pods.Count(pod => pod.Text("status", "phase") == "Failed");
        List<JsonObject> active = [.. pods.Where(Pods.IsActive)];
        long? completions = job.Number("spec", "completions");
        long parallelism = job.Number("spec", "parallelism") ?? 1, backoff = job.Number("spec", "backoffLimit") ?? 6;
        bool isSuspended = job.Flag("spec", "suspend");
        bool isComplete = completions is { } enough ? succeeded >= enough : succeeded > 0 && active.Count == 0;
        bool isFailed = failed > backoff;
        long wanted = isSuspended || isComplete || isFailed ? 0 : completions is { } all ? Math.Min(parallelism, all - succeeded) : succeeded > 0 ? active.Count : parallelism;
        for (long i = active.Count; i < wanted; i++)
        {
            active.Add(Pods.Create(Cluster, job, Pods.FromTemplate(job), "job-controller"));
        }

        foreach (JsonObject pod in active.Skip((int)wanted).ToList())
        {
            Cluster.Delete("/pods", ns, Cluster.NameOf(pod), propagation: null);
            active.Remove(pod);
        }

        SetStatus(job, active, succeeded, failed, isSuspended, isComplete, isFailed);
        return null;
    }

    private void SetStatus(JsonObject job, List<JsonObject> active, int succeeded, int failed, bool isSuspended, bool isComplete, bool isFailed)
    {
        JsonObject status = job.Object("status")?.Copy() ?? [];
        JsonNode? before = job["status"];
        foreach ((string field, int value) in (ReadOnlySpan<(string, int)>)[("active", active.Count), ("succeeded", succeeded), ("failed", failed)])
        {
            status.Remove(field);
            if (value > 0)
            {
                status[field] = value;
            }
        }

        status["ready"] = active.Count(Pods.IsReady);
        status["terminating"] = 0;
        status["uncountedTerminatedPods"] = new JsonObject();
        if (!isSuspended)
        {
            status.Default("startTime", Json.Now());
        }

        if (isSuspended || before.Items("conditions").Any(condition => condition.Text("type") == "Suspended"))
        {
            Cluster.SetCondition(status, before, "Suspended", isSuspended, isSuspended ? "JobSuspended" : "JobResumed", isSuspended ? "Job suspended" : "Job resumed");
        }

        if (isComplete)
        {
            status["completionTime"] = Json.Now();
            Cluster.SetCondition(status, before, "SuccessCriteriaMet", true, "CompletionsReached", "Reached expected number of succeeded pods");
            Cluster.SetCondition(status, before, "Complete", true, "CompletionsReached", "Reached expected number of succeeded pods");
            Cluster.Tell(job, "Normal", "Completed", "Job completed", "job-controller");
        }
        else if (isFailed)
        {
            Cluster.SetCondition(status, before, "FailureTarget", true, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
            Cluster.SetCondition(status, before, "Failed", true, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
            Cluster.Tell(job, "Warning", "BackoffLimitExceeded", "Job has reached the specified backoff limit", "job-controller");
        }

        Cluster.SetStatus(Shelf, job, status);
    }

    private TimeSpan? Expire(JsonObject job)
    {
        if (job.Number("spec", "ttlSecondsAfterFinished") is not { } seconds)
        {
            return null;
        }

        DateTimeOffset end = Json.Date(job.Items("status", "conditions").LastOrDefault().Text("lastTransitionTime")) ?? DateTimeOffset.UtcNow;
        TimeSpan left = end + TimeSpan.FromSeconds(seconds) - DateTimeOffset.UtcNow;
        if (left <= TimeSpan.Zero)
        {
            Cluster.Delete(Shelf, Cluster.NamespaceOf(job), Cluster.NameOf(job));
            return null;
        }

        return left;
    }
}
