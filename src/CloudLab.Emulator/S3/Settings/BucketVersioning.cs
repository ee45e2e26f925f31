namespace CloudLab.Emulator.S3.Settings;

/// <summary>What a bucket does with the object that a put or a delete takes the place of.</summary>
internal enum BucketVersioning
{
    /// <summary>It goes; versions have never been kept.</summary>
    Off,

    /// <summary>It is kept as an older version.</summary>
    Enabled,

    /// <summary>It goes if it is the null version; versions that were kept stay.</summary>
    Suspended,
}
