using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Registries;

/// <summary>An image, or a repository of images, in a registry.</summary>
/// <param name="Registry"><c>127.0.0.1:5000</c>, <c>docker.io</c>.</param>
/// <param name="Path">The repository as the registry's API has it: <c>movies/site</c>.</param>
/// <param name="Reference">A tag, or a digest.</param>
internal sealed record RegistryName(string Registry, string Path, string Reference)
{
    /// <summary>The repository as people write it, with the registry unless that is Docker's own.</summary>
    public string Repository => ImageName.Familiar($"{Registry}/{Path}");

    /// <summary>Whether <see cref="Reference"/> is a digest.</summary>
    public bool IsDigest => ImageName.IsDigest(Reference);

    /// <summary>Takes a name apart.</summary>
    /// <param name="image"><c>[registry/]repository[:tag][@digest]</c>; the tag is <c>latest</c> where there is none.</param>
    /// <returns>The name. Throws <see cref="LabException"/> (<c>ImageNameInvalid</c>).</returns>
    public static RegistryName Parse(string image)
    {
        (string repository, string reference) = ImageName.Parse(image);
        if (!image.Contains('/', StringComparison.Ordinal) && ImageName.Registry(image + "/x") == image)
        {
            throw new LabException(LabErrorKind.InvalidData, "ImageNameInvalid", $"'{image}' is the name of a registry: write {image}/repository[:tag].") { Target = image };
        }

        string registry = ImageName.Registry(image);
        string path = registry == RegistryCredentials.Hub ? ImageName.Familiar(repository)
            : repository.StartsWith(registry + "/", StringComparison.Ordinal) ? repository[(registry.Length + 1)..] : repository;

        // Images that belong to nobody are in a folder of their own at the Hub.
        return new RegistryName(
            registry, registry == RegistryCredentials.Hub && !path.Contains('/', StringComparison.Ordinal) ? "library/" + path : path, reference);
    }

    /// <summary>The same repository with another tag or digest.</summary>
    /// <param name="reference">Tag or digest.</param>
    /// <returns>The name.</returns>
    public RegistryName With(string reference) => this with { Reference = reference };

    /// <inheritdoc/>
    public override string ToString() => ImageName.Join(Repository, Reference);
}
