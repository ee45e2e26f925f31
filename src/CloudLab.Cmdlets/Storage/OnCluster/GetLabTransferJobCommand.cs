using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.OnCluster;

/// <summary>Shows the copies and deletions that run, or ran, as Kubernetes Jobs.</summary>
/// <remarks>
/// <para>How far a job is stands in objects of the bucket that it writes to, one for each range of keys; they are read with the session's
/// credentials. Of a job that copies to another service, give the session of that service (-Session). The output has totals, throughput,
/// every object that failed with the reason (Failed), and the ranges (Ranges).</para>
/// <para>Errors: NotFound; NotATransferJob; Forbidden; NoSuchBucket.</para>
/// </remarks>
/// <example>
/// <para>Shows all transfer jobs of the namespace.</para>
/// <code>Get-LabTransferJob</code>
/// </example>
/// <example>
/// <para>Shows what failed.</para>
/// <code>Get-LabTransferJob | ForEach-Object Failed | Group-Object Code</code>
/// </example>
/// <inputtype>System.String: names. CloudLab.Core.Storage.OnCluster.LabTransferJob.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabTransferJob", DefaultParameterSetName = NameSet)]
[OutputType(typeof(LabTransferJob))]
public sealed class GetLabTransferJobCommand : TransferJobCommand
{
    private const string NameSet = "Name", AllSet = "All";

    /// <summary>Names of the jobs; all jobs of the namespace if omitted.</summary>
    [Parameter(Position = 0, ParameterSetName = NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TransferJobCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Jobs of all namespaces.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AllSet)]
    [Alias("A")]
    public SwitchParameter AllNamespaces { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name?.FirstOrDefault();

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        StorageClient client = Client;
        List<(string Namespace, string Name)> wanted = Name is null
            ? await Jobs.NamesAsync(AllNamespaces ? null : NamespaceOrDefault, cancellation).ToListAsync(cancellation)
            : [.. Name.Select(name => (NamespaceOrDefault, name))];
        await ForEachAsync(
            wanted, async job => await WriteAsync(client.Origin.Mark(await Jobs.GetAsync(job.Namespace, job.Name, _ => client, cancellation)), cancellation), job => job.Name);
    }
}
