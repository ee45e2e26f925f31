using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.OnCluster;

/// <summary>Hands the work of a cmdlet to a cluster: samples, asks, starts the job and stays with it.</summary>
/// <param name="given">The cmdlet's parameters.</param>
/// <param name="session">The session of the source and the cluster.</param>
/// <param name="reporter">Sees progress.</param>
internal sealed class ClusterTransfer(IClusterTransfer given, LabSession session, IReporter reporter)
{
    private const int LongestHostName = 63;

    /// <summary>Refuses parameters that belong to the other way of doing it.</summary>
    /// <param name="onCluster">Whether the work is handed to a cluster.</param>
    /// <param name="bound">Names of the parameters that are given.</param>
    /// <param name="notThere">Those that mean nothing on a cluster.</param>
    public static void Check(bool onCluster, IEnumerable<string> bound, params string[] notThere)
    {
        if (bound.Intersect(onCluster ? notThere : IClusterTransfer.Names).FirstOrDefault() is { } name)
        {
            throw onCluster
                ? new LabException(LabErrorKind.InvalidArgument, "NotOnCluster", $"-{name} cannot be combined with -OnCluster: omit one of them.")
                : new LabException(LabErrorKind.InvalidArgument, "OnClusterOnly", $"-{name} needs -OnCluster: give it too, or omit -{name}.");
        }
    }

    /// <summary>A place as the workers reach it.</summary>
    /// <param name="of">The session that it is reached with from here.</param>
    /// <param name="bucket">Its bucket.</param>
    /// <param name="prefix">Its prefix.</param>
    /// <param name="endpoint">Its service as the workers reach it; as from here if null.</param>
    /// <returns>The place.</returns>
    public static TransferPlace Place(LabSession of, string bucket, string prefix, Uri? endpoint) => new(bucket, prefix, endpoint ?? of.Aws.Endpoint("S3"), of.Aws.Region);

    /// <summary>Does it.</summary>
    /// <param name="plan">What is to be done; without ranges.</param>
    /// <param name="source">The service of the source.</param>
    /// <param name="results">The service of the bucket that is written to.</param>
    /// <param name="destination">Session of another destination, or null.</param>
    /// <param name="destinationSecret">Secret for it, or null.</param>
    /// <param name="ask">Asks whether it may be done: what to, and what.</param>
    /// <param name="isWhatIf">Whether a plan is all that is wanted.</param>
    /// <param name="write">Writes the job.</param>
    /// <param name="cancellation">Ends the wait; a job that has started runs on.</param>
    /// <returns>Done when the job has ended, or has started. Throws <see cref="LabException"/>.</returns>
    public async Task RunAsync(
        TransferPlan plan, StorageClient source, StorageClient results, LabSession? destination, string? destinationSecret, Func<string, string, Task<bool>> ask, Func<Task<bool>> isWhatIf,
        Func<LabTransferJob, ValueTask> write, CancellationToken cancellation)
    {
        await TransferPlanner.RequireAsync(results, plan.Results.Bucket, cancellation);
        TransferJobOptions options = Options(plan.Id, destination, destinationSecret);
        plan = plan with { Id = TransferJobs.NewId(plan.Id), CheckpointInterval = given.CheckpointInterval };
        int? ranges = given.RangeCount > 0 ? given.RangeCount : null;
        int longest = LongestHostName - $"-{(ranges ?? TransferPlanner.Most(given.Parallelism)) - 1}".Length;
        if (options.Name.Length > longest)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "JobNameTooLong", $"The name of the Job has {options.Name.Length} characters, and its pods are named after it and their range: give a -JobName of up to {longest}.")
            {
                Target = options.Name,
            };
        }

        // A plan needs no cluster.
        if (!await isWhatIf())
        {
            RequireCredentials(plan, options);
            await new TransferJobNeeds(KubernetesApi.For(session.Kubernetes), options).RequireAsync(cancellation);
        }

        (plan, TimeSpan duration, int requests) = await new TransferPlanner(source).CutAsync(plan, ranges, given.Parallelism, cancellation);
        reporter.Verbose($"The listing was sampled with {Counted.Of(requests, "request")}.");
        LabTransferJob planned = TransferJobs.Planned(plan, options, duration);
        string what = plan.Action == TransferAction.Copy ? "Copy" : "Delete every object:";
        if (!await ask(
            planned.Destination is { } to ? $"{planned.Source}* -> {to}*" : planned.Source + "*",
            $"{what} about {Counted.Of(planned.EstimatedObjects, "object")} ({ProgressMeter.FormatBytes(planned.EstimatedSize)}) in {Counted.Of(planned.RangeCount, "range")} with {Counted.Of(planned.Parallelism, "worker")} of image {options.Image} in namespace {options.Namespace}, at least {Words(duration)}"))
        {
            if (await isWhatIf())
            {
                await write(source.Origin.Mark(planned));
            }

            return;
        }

        TransferJobs jobs = new(KubernetesApi.For(session.Kubernetes), reporter);
        LabTransferJob job = await jobs.StartAsync(plan, options, cancellation);
        if (given.NoWait)
        {
            await write(results.Origin.Mark(job));
            return;
        }

        job = await jobs.WaitAsync(job.Namespace, job.Name, TransferJobs.Longest, _ => results, cancellation);
        await write(results.Origin.Mark(job));
        if (WaitLabTransferJobCommand.ProblemOf(job) is { } problem)
        {
            throw problem;
        }
    }

    private static void RequireCredentials(TransferPlan plan, TransferJobOptions options)
    {
        if (options.CredentialSecret is null && options.ServiceAccount is null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "NoWorkerCredentials",
                "The workers need credentials of their own: give -CredentialSecret, a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or -ServiceAccount, one with a web identity.");
        }

        if (plan.TwoServices && options.DestinationCredentialSecret is null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "NoWorkerCredentials", "The workers need credentials for the destination, which is another service: give -DestinationCredentialSecret.");
        }
    }

    private static string Words(TimeSpan time) => time <= TimeSpan.FromMinutes(1) ? "a minute"
        : time < TimeSpan.FromHours(2) ? $"{Math.Ceiling(time.TotalMinutes):0} minutes"
        : time < TimeSpan.FromDays(2) ? $"{Math.Ceiling(time.TotalHours):0} hours"
        : $"{Math.Ceiling(time.TotalDays):#,0} days";

    private TransferJobOptions Options(string name, LabSession? destination, string? destinationSecret) => new()
    {
        Name = name,
        Namespace = session.Kubernetes.Namespace,
        Image = given.Image,
        PullPolicy = given.Pull,
        ImagePullSecrets = given.ImagePullSecret,
        Parallelism = given.Parallelism,
        CredentialSecret = given.CredentialSecret,
        DestinationCredentialSecret = destinationSecret,
        ServiceAccount = given.ServiceAccount,
        Authorities = session.Aws.Authorities(),
        DestinationAuthorities = destination?.Aws.Authorities(),
        BackoffLimit = given.BackoffLimit,
        HostNetwork = given.HostNetwork,
        Requests = TextTable.Read(given.Request),
        Limits = TextTable.Read(given.Limit),
    };
}
