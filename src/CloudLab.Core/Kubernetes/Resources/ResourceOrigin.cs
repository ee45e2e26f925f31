namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Where objects were read.</summary>
/// <param name="Context">Context of the kubeconfig; null in a pod.</param>
/// <param name="OneOfSeveral">True where several contexts are read at once.</param>
public readonly record struct ResourceOrigin(string? Context, bool OneOfSeveral);
