using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Waits until objects exist, or are gone.</summary>
/// <remarks>
/// <para>Looks at once, then at growing intervals up to -PollInterval. An object that is there is passed on with its metadata, so that
/// the pipeline goes on with it. Several objects are waited for at the same time; each comes out as soon as it is there.</para>
/// <para>Errors: WaitTimeout when time is up, with what was last seen; AccessDenied when you may not look.</para>
/// </remarks>
/// <example>
/// <para>Waits for an object and reads it.</para>
/// <code>Wait-LabObject -Bucket movies -Key data/users.json -Timeout 30 | Get-LabObjectContent -First 3</code>
/// </example>
/// <example>
/// <para>Waits until an object is gone.</para>
/// <code>Wait-LabObject -Bucket movies -Key data/lock -NotExists</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.LabObject: anything with Bucket and Key.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabObject", DefaultParameterSetName = "Exists")]
[OutputType(typeof(LabObjectMetadata))]
public sealed class WaitLabObjectCommand : WaitCommand
{
    /// <summary>Bucket of the objects.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Keys of the objects.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        string bucket = Bucket;
        foreach (string key in Key)
        {
            await StartWaitAsync(ObjectName.Uri(bucket, key), token => Objects.FindAsync(bucket, key, ReadOptions.Default, token));
        }
    }
}
