namespace CloudLab.Core.Containers.Registries;

/// <summary>Where manifests and blobs of images are kept: a repository of a registry, or a folder in the OCI image layout.</summary>
internal interface IImageRepository
{
    /// <summary>What it is called in messages.</summary>
    string Name { get; }

    /// <summary>Reads a manifest.</summary>
    /// <param name="reference">Its tag or its digest.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The manifest; its digest is checked where it was asked for by digest. Throws LabException (<c>ImageNotFound</c>).</returns>
    Task<ImageManifest> ManifestAsync(string reference, CancellationToken cancellation);

    /// <summary>Opens a blob.</summary>
    /// <param name="blob">Which one.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The content from there on. Whoever reads it checks the digest.</returns>
    Task<Stream> OpenAsync(ImageBlob blob, long offset, CancellationToken cancellation);

    /// <summary>Whether a blob is there.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True where it is.</returns>
    Task<bool> HasAsync(string digest, CancellationToken cancellation);

    /// <summary>Takes a blob over from another repository without sending it, where that is possible.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="from">Where it is.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True where it is here now.</returns>
    Task<bool> MountAsync(string digest, IImageRepository from, CancellationToken cancellation);

    /// <summary>Writes a blob, checks its digest, and goes on where a connection broke.</summary>
    /// <param name="blob">Which one.</param>
    /// <param name="open">Opens its content at an offset.</param>
    /// <param name="onBytes">Told of bytes written; negative for those that are written again.</param>
    /// <param name="cancellation">Ends the upload; nothing of it stays.</param>
    /// <returns>Done when it is there. Throws LabException (<c>DigestMismatch</c>).</returns>
    Task WriteAsync(ImageBlob blob, Func<long, CancellationToken, Task<Stream>> open, Action<long> onBytes, CancellationToken cancellation);

    /// <summary>Writes a manifest, whose blobs must be there.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="tag">Its tag; null to keep it under its digest alone.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is there.</returns>
    Task WriteManifestAsync(ImageManifest manifest, string? tag, CancellationToken cancellation);
}
