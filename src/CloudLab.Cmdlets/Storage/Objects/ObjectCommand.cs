using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Base of the cmdlets that work on objects named by their keys.</summary>
public abstract class ObjectCommand : StorageCommand, IObjectNames
{
    /// <summary>Bucket of the objects; or the full name of one object, <c>s3://bucket/key</c>, instead of -Bucket and -Key. May be omitted if keys are full names.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Exact keys of the objects; full names, <c>s3://bucket/key</c>, if -Bucket is omitted.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [KeyText]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <summary>Version of the object, in a bucket that keeps versions; the current one if omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(VersionIdCompleter))]
    [AllowNull]
    [AllowEmptyString]
    public string? VersionId
    {
        get;

        // What a listing of current objects writes has none.
        set => field = string.IsNullOrEmpty(value) ? null : value;
    }
}
