namespace CloudLab.Emulator.S3.Storage;

/// <summary>What a bucket keeps of a key besides its current object: older versions and delete markers. Not synchronized.</summary>
/// <param name="key">The key.</param>
internal sealed class KeyHistory(string key) : IKeyed
{
    /// <inheritdoc/>
    public string Key { get; } = key;

    /// <summary>Versions, the oldest first.</summary>
    public List<S3Object> Versions { get; } = [];
}
