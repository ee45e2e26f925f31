using System.Management.Automation;
using CloudLab.Core.Storage.OnCluster;

namespace CloudLab.Cmdlets.Storage.OnCluster;

/// <summary>Stops a copy or a deletion that runs as a Kubernetes Job.</summary>
/// <remarks>
/// <para>The workers end; what is done stays done, and Wait-LabTransferJob -Resume lets the job go on where it was. With -Remove the Job is
/// removed for good, together with the objects that it kept its progress in; the objects that it copied stay.</para>
/// <para>Errors: NotFound; NotATransferJob; Forbidden; with -Remove those of the bucket that the progress is in, with what removes it.</para>
/// </remarks>
/// <example>
/// <para>Stops a job for now.</para>
/// <code>Stop-LabTransferJob copy-movies-x2b9d</code>
/// </example>
/// <example>
/// <para>Removes what is left of jobs that have ended.</para>
/// <code>Get-LabTransferJob | Where-Object State -in Complete, Failed | Stop-LabTransferJob -Remove</code>
/// </example>
/// <inputtype>System.String: names. CloudLab.Core.Storage.OnCluster.LabTransferJob.</inputtype>
[Cmdlet(VerbsLifecycle.Stop, "LabTransferJob", DefaultParameterSetName = StopSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(LabTransferJob))]
public sealed class StopLabTransferJobCommand : TransferJobCommand
{
    private const string StopSet = "Stop", RemoveSet = "Remove";

    /// <inheritdoc cref="WaitLabTransferJobCommand.Name"/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TransferJobCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Removes the job, and what it keeps in the bucket, for good.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RemoveSet)]
    public SwitchParameter Remove { get; set; }

    /// <summary>Writes the job as it is then.</summary>
    [Parameter(ParameterSetName = StopSet)]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name.FirstOrDefault();

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Name, async name =>
    {
        string ns = NamespaceOrDefault;
        if (!await ShouldProcessAsync($"{name} in namespace {ns}", Remove ? "Remove transfer job" : "Stop transfer job"))
        {
            return;
        }

        if (Remove)
        {
            await Jobs.RemoveAsync(ns, name, _ => Client, cancellation);
            return;
        }

        await Jobs.SuspendAsync(ns, name, stop: true, cancellation);
        if (PassThru)
        {
            await WriteAsync(Client.Origin.Mark(await Jobs.GetAsync(ns, name, _ => Client, cancellation)), cancellation);
        }
    });
}
