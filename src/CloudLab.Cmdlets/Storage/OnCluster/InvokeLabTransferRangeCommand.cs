using System.Globalization;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.OnCluster;

/// <summary>Does one range of a transfer job: what each worker of Copy-LabObject -OnCluster and Remove-LabObject -OnCluster runs.</summary>
/// <remarks>
/// <para>The pods of the Job run <c>cloudlab Invoke-LabTransferRange -Path /etc/cloudlab/transfer/plan.json</c>. Run by hand it does the same on
/// this machine, which is how a range can be tried that fails on the cluster. Progress is kept in the target bucket; a range that was begun
/// goes on after its last checkpoint.</para>
/// <para>Credentials are the session's: in a pod, the environment that the Secret fills, or web identity. Those of another destination
/// are read from DESTINATION_AWS_ACCESS_KEY_ID, DESTINATION_AWS_SECRET_ACCESS_KEY and DESTINATION_AWS_SESSION_TOKEN (NoDestinationCredentials without them), and the certificate authorities
/// to trust there from the file that DESTINATION_AWS_CA_BUNDLE names. Where S3 is, the plan says; AWS_ENDPOINT_URL_STS says where STS is, if not there too.</para>
/// <para>As <c>cloudlab</c> it ends with 0 when the range is done; with 3 where another try would end in the same way (a bad plan, access denied, no such bucket,
/// objects that failed), which the Job does not try again; with 1 for what may pass, keys that have expired among it: the next worker reads the Secret anew.</para>
/// <para>Errors: RangeFailed with the number of objects that failed; RangeTaken where another worker goes on with the range; PlanNotReadable; InvalidPlan; InvalidIndex; InvalidCheckpoint; those of the services.</para>
/// </remarks>
/// <example>
/// <para>Does the first range of a plan.</para>
/// <code>Invoke-LabTransferRange -Path plan.json -Index 0</code>
/// </example>
/// <example>
/// <para>Tries the first range of a job on this machine.</para>
/// <code>(Get-LabResource configmap copy-movies-x2b9d).Data['plan.json'] | Set-Content plan.json
/// Invoke-LabTransferRange plan.json -Index 0</code>
/// </example>
/// <seealso cref="Transfers.CopyLabObjectCommand"/>
/// <seealso cref="Objects.RemoveLabObjectCommand"/>
/// <seealso cref="GetLabTransferJobCommand"/>
[Cmdlet(VerbsLifecycle.Invoke, "LabTransferRange")]
[OutputType(typeof(LabTransferRange))]
public sealed class InvokeLabTransferRangeCommand : StorageCommand
{
    private TransferPlan? plan;

    /// <summary>File with the plan.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("PSPath", "LiteralPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Which range; that of the environment (JOB_COMPLETION_INDEX) if omitted.</summary>
    [Parameter(Position = 1)]
    [ValidateRange(0, int.MaxValue)]
    public int? Index { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Path;

    /// <inheritdoc/>
    protected override SessionOptions Options()
    {
        SessionOptions given = base.Options();
        return plan is null ? given : given with { S3EndpointUrl = given.EndpointUrl ?? plan.Source.EndpointUrl, Region = given.Region ?? plan.Source.Region };
    }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        string path = FilePath.Of(this, Path);
        try
        {
            plan = ReadPlan(path);
        }
        catch (LabException)
        {
            DoNotTryAgain();
            throw;
        }

        base.OnBegin();
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            LabTransferRange range = await new RangeWorker(
                plan!, IndexOf(plan!), Client, Destination(), NameFilter.Of(plan!.Include, plan.Exclude, plan.Source.Prefix),
                Environment.GetEnvironmentVariable("POD_NAME"), Reporter).RunAsync(cancellation);
            await WriteAsync(range, cancellation);
            if (range.Failed > 0)
            {
                throw new LabException(LabErrorKind.InvalidData, "RangeFailed", $"{Counted.Of(range.Failed, "object")} of range {range.Index} failed.")
                {
                    Target = Path, Advice = "Get-LabTransferJob has each with its reason.",
                };
            }
        }
        catch (LabException e) when (RangeWorker.IsPermanent(e))
        {
            await AskAsync(() =>
            {
                DoNotTryAgain();
                return true;
            });
            throw;
        }
    }

    private static TransferPlan ReadPlan(string path)
    {
        try
        {
            return TransferPlan.Read(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PlanNotReadable", $"The plan '{path}' cannot be read: {e.Message}", e) { Target = path };
        }
    }

    private void DoNotTryAgain()
    {
        // In a shell of somebody's own this would end the shell.
        if (Host.Name == "cloudlab")
        {
            Host.SetShouldExit(RangeWorker.PermanentExitCode);
        }
    }

    private int IndexOf(TransferPlan of)
    {
        string? variable = Environment.GetEnvironmentVariable("JOB_COMPLETION_INDEX");
        int? index = Index ?? (int.TryParse(variable, NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : null);
        return index is { } known && known < of.Ranges.Count ? known : throw new LabException(
            LabErrorKind.InvalidArgument, "InvalidIndex",
            index is null ? "Which range is to be done is not known: give -Index, or set JOB_COMPLETION_INDEX." : $"The plan has no range {index}: its ranges are 0 to {of.Ranges.Count - 1}.");
    }

    private StorageClient Destination()
    {
        if (plan is not { TwoServices: true, Destination: { } to })
        {
            return Client;
        }

        string? Variable(string name) => Environment.GetEnvironmentVariable(RangeWorker.DestinationVariables + name) is { Length: > 0 } value ? value : null;
        AwsKeys keys = Variable("AWS_ACCESS_KEY_ID") is { } id && Variable("AWS_SECRET_ACCESS_KEY") is { } secret ? new AwsKeys(id, secret, Variable("AWS_SESSION_TOKEN"))
            : throw new LabException(
                LabErrorKind.InvalidArgument, "NoDestinationCredentials",
                $"{RangeWorker.DestinationVariables}AWS_ACCESS_KEY_ID and {RangeWorker.DestinationVariables}AWS_SECRET_ACCESS_KEY are not set, and the destination is another service.")
            {
                Advice = "The Secret that -DestinationCredentialSecret named needs the entries AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            };
        return new StorageClient(LabSession.Resolve(to.Options with { Keys = keys, CaBundle = Variable(RangeWorker.AuthoritiesVariable) }, "plan", Lab), Reporter);
    }
}
