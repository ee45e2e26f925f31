using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>How the runs of CronJobs ended, from their jobs: those of a namespace are listed once.</summary>
/// <param name="api">The cluster.</param>
public sealed class CronJobRuns(KubernetesApi api)
{
    private readonly Dictionary<string, IReadOnlyList<JsonObject>> jobs = new(StringComparer.Ordinal);

    /// <summary>Fills in <see cref="LabCronJob.LastResult"/> and what belongs to it.</summary>
    /// <param name="cronJob">The CronJob.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when it is known.</returns>
    public async Task AddAsync(LabCronJob cronJob, CancellationToken cancellation)
    {
        string ns = cronJob.Namespace ?? "";
        if (!jobs.TryGetValue(ns, out IReadOnlyList<JsonObject>? all))
        {
            jobs[ns] = all = await new AutoscalerReader(api).ListAsync("batch/v1", "Job", ns, cancellation);
        }

        string? uid = cronJob.Metadata["uid"] as string;
        JsonObject? newest = all
            .Where(job => job.Object("metadata")?.Objects("ownerReferences").Any(owner => owner.Text("uid") == uid) == true)
            .MaxBy(job => ResourceParts.Time(job.Object("metadata")?.Text("creationTimestamp")));
        if (newest is null)
        {
            return;
        }

        bool failed = newest.Holds("Failed");
        cronJob.LastJob = newest.Object("metadata")?.Text("name");
        cronJob.LastResult = failed ? "Failed" : newest.Holds("Complete") ? "Complete" : newest.Holds("Suspended") ? "Suspended" : "Running";
        cronJob.LastFailure = failed && newest.Condition("Failed") is { } why ? $"{why.Text("reason")}: {why.Text("message")}" : null;
    }
}
