namespace CloudLab.Core.Autoscaling.Manifests;

/// <summary>A container of a pod: what it requests and its limits.</summary>
/// <param name="Name">Name.</param>
/// <param name="Requests">Requests.</param>
/// <param name="Limits">Limits.</param>
/// <param name="IsSidecar">Whether it is an init container that goes on running.</param>
internal sealed record PodContainer(string Name, ResourceList Requests, ResourceList Limits, bool IsSidecar);
