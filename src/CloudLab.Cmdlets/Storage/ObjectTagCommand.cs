using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Base of the cmdlets for tags: which objects, and how many at once.</summary>
public abstract class ObjectTagCommand : StorageCommand
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

    /// <summary>Version whose tags are meant, in a bucket that keeps versions; the current one if left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    public string? VersionId
    {
        get;

        // What a listing of current objects writes has none.
        set => field = string.IsNullOrEmpty(value) ? null : value;
    }

    /// <summary>How many objects to work on at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = TransferEngine.DefaultThrottle;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <summary>The service's tags.</summary>
    protected ObjectTags Tags => new(Client);

    /// <summary>Begins the work on each key of this input.</summary>
    /// <param name="work">Gets the key, and the name of the object for people.</param>
    /// <param name="confirm">Asks whether the object may be changed, or null.</param>
    /// <returns>Done when all of it has begun.</returns>
    protected async Task StartEachAsync(Func<string, CancellationToken, Task> work, Func<string, Task<bool>>? confirm = null)
    {
        foreach (string key in Key)
        {
            string uri = ObjectName.Uri(Bucket, key);
            if (confirm is null || await confirm(VersionId is null ? uri : $"{uri} (version {VersionId})"))
            {
                await StartAsync(uri, token => work(key, token));
            }
        }
    }
}
