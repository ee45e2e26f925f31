using System.Management.Automation;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Base of the cmdlets that work on several objects at once.</summary>
public abstract class ObjectsCommand : ObjectCommand
{
    /// <summary>How many objects to process at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = TransferEngine.DefaultThrottle;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <summary>The service's tags.</summary>
    protected ObjectTags Tags => new(Client);

    /// <summary>Begins the work on each key of this input.</summary>
    /// <param name="work">Gets the key; must not read parameters that the next input overwrites.</param>
    /// <param name="confirm">Gets the object's name for people and asks whether it may be changed, or null.</param>
    /// <returns>Done when all of it has begun.</returns>
    protected async Task StartEachAsync(Func<string, CancellationToken, Task> work, Func<string, Task<bool>>? confirm = null)
    {
        RefuseOneVersionOfSeveral(VersionId, Key);
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
