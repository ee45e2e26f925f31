namespace CloudLab.Emulator.S3.Storage;

/// <summary>Something that a <see cref="KeyIndex{T}"/> orders.</summary>
internal interface IKeyed
{
    /// <summary>Its key.</summary>
    string Key { get; }
}
