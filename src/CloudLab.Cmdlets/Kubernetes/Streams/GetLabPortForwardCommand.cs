using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Gets the port-forwards of this session.</summary>
/// <remarks>
/// <para>Those that Start-LabPortForward began and that still listen, with their open connections, the pod of the last one, and the last error.</para>
/// <para>Errors: PortForwardNotFound for an id that there is not.</para>
/// </remarks>
/// <example>
/// <para>All port-forwards.</para>
/// <code>Get-LabPortForward</code>
/// </example>
/// <example>
/// <para>What went wrong with the last connection of each.</para>
/// <code>Get-LabPortForward | Where-Object LastError | Select-Object LocalPort, Target, LastError</code>
/// </example>
/// <inputtype>None.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabPortForward")]
[OutputType(typeof(LabPortForward))]
public sealed class GetLabPortForwardCommand : LabCommand
{
    /// <summary>Their numbers.</summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(PortForwardCompleter))]
    public int[]? Id { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => Id is null
        ? WriteAllAsync(LabPortForward.All().ToAsyncEnumerable(), cancellation)
        : ForEachAsync(Id, id => WriteAsync(LabPortForward.Find(id), cancellation).AsTask());
}
