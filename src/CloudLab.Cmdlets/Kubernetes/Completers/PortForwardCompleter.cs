using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the port-forwards of this session by number.</summary>
public sealed class PortForwardCompleter : NumberCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<(int Id, string Tip)> Running() =>
        LabPortForward.All().Select(forward => (forward.Id, $"{forward} -> {forward.Target}:{forward.RemotePort}"));
}
