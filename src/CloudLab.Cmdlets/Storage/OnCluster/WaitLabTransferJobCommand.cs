using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.OnCluster;

namespace CloudLab.Cmdlets.Storage.OnCluster;

/// <summary>Waits for a copy or a deletion that runs as a Kubernetes Job, and writes its result.</summary>
/// <remarks>
/// <para>It shows how far the job is, and ends when the Job is complete, has failed or is stopped (TransferStopped). When everything is done without an
/// error, the objects that the job kept its progress in are removed from the bucket, and the totals are kept with the Job. Ctrl+C ends the wait; the
/// job runs on.</para>
/// <para>Errors: TransferFailed with the number of objects and ranges that failed; WorkersNotStarted with what the pods say (an image that
/// cannot be pulled, a Secret that is missing); WaitTimeout; TransferStopped; TransferJobGone; NotFound; NotATransferJob; Forbidden; those of the bucket that the
/// progress is in (NoSuchBucket, ExpiredToken), which end the wait and not the job.</para>
/// </remarks>
/// <example>
/// <para>Waits for a job.</para>
/// <code>Wait-LabTransferJob copy-movies-x2b9d</code>
/// </example>
/// <example>
/// <para>Lets a job go on that was stopped, and waits for it.</para>
/// <code>Wait-LabTransferJob copy-movies-x2b9d -Resume</code>
/// </example>
/// <inputtype>System.String: names. CloudLab.Core.Storage.OnCluster.LabTransferJob.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabTransferJob")]
[OutputType(typeof(LabTransferJob))]
public sealed class WaitLabTransferJobCommand : TransferJobCommand
{
    /// <summary>Names of the jobs.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TransferJobCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Lets a job that was stopped go on where it was.</summary>
    [Parameter]
    public SwitchParameter Resume { get; set; }

    /// <summary>How long to wait: a TimeSpan or a number of seconds. Seven days if omitted.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TransferJobs.Longest;

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name.FirstOrDefault();

    /// <summary>The error of a job that did not do all.</summary>
    /// <param name="job">The job at its end.</param>
    /// <returns>The error; null where all is done.</returns>
    internal static LabException? ProblemOf(LabTransferJob job) => job.State == TransferJobState.Complete && job.FailedCount == 0 ? null
        : job.State == TransferJobState.Stopped ? new LabException(LabErrorKind.Conflict, "TransferStopped", $"The transfer job '{job.Name}' is stopped: {job.Progress} {Counted.Noun(job.EstimatedObjects, "object")} done.")
        {
            Target = job.Name, Advice = $"Wait-LabTransferJob {job.Name} -Namespace {job.Namespace} -Resume lets it go on.",
        }
        : new LabException(
            LabErrorKind.ServiceFailed, "TransferFailed",
            $"The transfer job '{job.Name}' did not do everything: {Counted.Of(job.FailedCount, "object")} and {job.RangesFailed} of {Counted.Of(job.RangeCount, "range")} failed{(job.Failed.Count > 0 ? $"; first {job.Failed[0].Code}: {job.Failed[0].Message.TrimEnd('.')}" : "")}{(job.Problem is { } why ? $" ({why.TrimEnd('.')})" : "")}.")
        {
            Target = job.Name,
            Advice = $"(Get-LabTransferJob {job.Name} -Namespace {job.Namespace}).Failed has every object with its reason, Get-LabPodLog job/{job.Name} -Namespace {job.Namespace} what the workers said. Mend that first. {TransferJobs.AgainOf(job.Action)}",
        };

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Name, async name =>
    {
        string ns = NamespaceOrDefault;
        if (Resume)
        {
            await Jobs.SuspendAsync(ns, name, stop: false, cancellation);
        }

        LabTransferJob job = await Jobs.WaitAsync(ns, name, Timeout, _ => Client, cancellation);
        await WriteAsync(Client.Origin.Mark(job), cancellation);
        if (ProblemOf(job) is { } problem)
        {
            throw problem;
        }
    });
}
