using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Ends port-forwards, with their connections.</summary>
/// <remarks>
/// <para>Errors: PortForwardNotFound for an id that there is not.</para>
/// </remarks>
/// <example>
/// <para>Ends all port-forwards of this session.</para>
/// <code>Get-LabPortForward | Stop-LabPortForward</code>
/// </example>
/// <example>
/// <para>Ends those of one service.</para>
/// <code>Get-LabPortForward | Where-Object Target -eq svc/movies | Stop-LabPortForward</code>
/// </example>
/// <inputtype>LabPortForward objects, or their ids.</inputtype>
[Cmdlet(VerbsLifecycle.Stop, "LabPortForward", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopLabPortForwardCommand : LabCommand
{
    /// <summary>Their numbers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(PortForwardCompleter))]
    public int[] Id { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Id, async id =>
    {
        LabPortForward forward = LabPortForward.Find(id);
        if (await ShouldProcessAsync($"{forward} -> {forward.Target}:{forward.RemotePort}", "Stop port-forward"))
        {
            forward.Stop();
        }
    });
}
