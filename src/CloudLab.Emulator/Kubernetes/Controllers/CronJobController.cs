using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Common.Errors;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>
/// Starts the Jobs of CronJobs at the times that <see cref="ScheduleCalculator"/> says, within their concurrency policy, and takes finished
/// ones away beyond the limits of their history.
/// </summary>
internal sealed class CronJobController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "batch/cronjobs", Jobs = "batch/jobs";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => SelfOrOwners(change, Shelf, Jobs);

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } cron || Pods.IsDeleting(cron))
        {
            return null;
        }

        string uid = cron.Text("metadata", "uid")!;
        List<JsonObject> jobs = [.. Cluster.List(Jobs, ns).Where(job => job.OwnerUids.Contains(uid)).Select(job => job.Parse())];
        List<JsonObject> active = [.. jobs.Where(job => Ended(job) is null)];
        JsonObject status = cron.Object("status")?.Copy() ?? [];
        LabMissedRun run;
        try
        {
            run = ScheduleCalculator.Missed(CronJobSchedule.FromJson(cron)[0], DateTimeOffset.UtcNow);
        }
        catch (LabException e)
        {
            Cluster.Tell(cron, "Warning", "UnparseableSchedule", e.Message, "cronjob-controller");
            return null;
        }

        bool waits = active.Count > 0 && cron.Text("spec", "concurrencyPolicy") == "Forbid";
        if (run.StartsJob && !waits)
        {
            foreach (JsonObject old in cron.Text("spec", "concurrencyPolicy") == "Replace" ? active.ToList() : [])
            {
                Cluster.Delete(Jobs, ns, Cluster.NameOf(old));
                active.Remove(old);
            }

            active.Add(Start(cron, run));
            status["lastScheduleTime"] = Json.Time(run.MostRecentTime!.Value);
        }
        else if (run.StartsJob)
        {
            Cluster.Tell(cron, "Normal", "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid", "cronjob-controller");
        }

        if (jobs.Where(job => Ended(job) == "Complete").Select(job => job.Text("status", "completionTime")).OfType<string>().Max(StringComparer.Ordinal) is { } last)
        {
            status["lastSuccessfulTime"] = last;
        }

        status.Remove("active");
        if (active.Count > 0)
        {
            status["active"] = new JsonArray([.. active.Select(job => new JsonObject
            {
                ["apiVersion"] = "batch/v1",
                ["kind"] = "Job",
                ["name"] = Cluster.NameOf(job),
                ["namespace"] = ns,
                ["uid"] = job.Text("metadata", "uid"),
            })]);
        }

        Cluster.SetStatus(Shelf, cron, status);
        Forget(jobs, "Complete", cron.Number("spec", "successfulJobsHistoryLimit") ?? 3);
        Forget(jobs, "Failed", cron.Number("spec", "failedJobsHistoryLimit") ?? 1);
        return run.RequeueAfter;
    }

    private static string? Ended(JsonObject job) =>
        job.Items("status", "conditions").FirstOrDefault(c => c.Text("status") == "True" && c.Text("type") is "Complete" or "Failed").Text("type");

    private JsonObject Start(JsonObject cron, LabMissedRun run)
    {
        JsonNode? template = cron.At("spec", "jobTemplate");
        JsonObject metadata = template.Object("metadata")?.Copy() ?? [];
        metadata["name"] = run.JobName;
        metadata["ownerReferences"] = new JsonArray(Cluster.Reference(cron));
        metadata.Ensure("annotations")["batch.kubernetes.io/cronjob-scheduled-timestamp"] = run.MostRecentTime!.Value.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string ns = Cluster.NamespaceOf(cron);
        JsonObject? there = Cluster.Get(Jobs, ns, run.JobName!);
        JsonObject job = there ?? Cluster.Create(Jobs, ns, new JsonObject { ["metadata"] = metadata, ["spec"] = template.At("spec")?.DeepClone() });
        Cluster.Tell(cron, "Normal", "SuccessfulCreate", $"Created job {run.JobName}", "cronjob-controller");
        return job;
    }

    private void Forget(List<JsonObject> jobs, string end, long keep)
    {
        List<JsonObject> ended = [.. jobs.Where(job => Ended(job) == end).OrderBy(job => job.Text("status", "startTime"), StringComparer.Ordinal)];
        foreach (JsonObject job in ended.Take((int)Math.Max(0, ended.Count - keep)))
        {
            Cluster.Delete(Jobs, Cluster.NamespaceOf(job), Cluster.NameOf(job));
        }
    }
}
