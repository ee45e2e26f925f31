namespace CloudLab.Core.Storage.Objects;

/// <summary>Names an object, or one version of it, in a bucket that is known.</summary>
/// <param name="Key">Key.</param>
/// <param name="VersionId">Version; null for the object itself.</param>
public readonly record struct ObjectVersion(string Key, string? VersionId = null);
