namespace CloudLab.Core.Containers;

// What the Docker Engine API sends, as far as it is read here.

internal sealed record EngineInfo(string[][]? DriverStatus)
{
    /// <summary>True for the containerd image store, which keeps several platforms of one image.</summary>
    public bool KeepsPlatforms =>
        DriverStatus?.Any(pair => pair is ["driver-type", "io.containerd.snapshotter.v1"]) == true;
}

internal sealed record ImageSummary(
    string Id, long Created, long Size, string[]? RepoTags, string[]? RepoDigests, Dictionary<string, string>? Labels,
    ImageManifest[]? Manifests);

internal sealed record ImageInspection(
    string Id, DateTimeOffset? Created, long Size, string[]? RepoTags, string[]? RepoDigests, ImageConfig? Config,
    ImageManifest[]? Manifests, string? Os, string? Architecture, string? Variant);

internal sealed record ImageConfig(Dictionary<string, string>? Labels);

internal sealed record ImageManifest(string Kind, bool Available, ImageDescriptor Descriptor, ManifestSize? Size, ManifestImage? ImageData);

internal sealed record ImageDescriptor(string Digest, WirePlatform? Platform);

internal sealed record ManifestSize(long Total);

internal sealed record ManifestImage(WirePlatform? Platform);

internal sealed record WirePlatform(string? Os, string? Architecture, string? Variant)
{
    public string Name => PlatformName.Join(Os, Architecture, Variant);
}
