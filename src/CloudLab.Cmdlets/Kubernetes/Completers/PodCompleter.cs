namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers pods, and what has pods once its kind is written: <c>deploy/web</c>.</summary>
public class PodCompleter : TypedNameCompleter
{
    private static readonly string[] Owners = ["deploy/", "sts/", "ds/", "job/", "svc/"];

    /// <inheritdoc/>
    private protected override string BareKind => "pods";

    /// <inheritdoc/>
    private protected override string[] KindsFor(string parameter) => Owners;
}
