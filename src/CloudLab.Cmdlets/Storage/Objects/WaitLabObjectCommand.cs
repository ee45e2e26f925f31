using System.Globalization;
using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Waits until objects exist, are gone, or meet a condition.</summary>
/// <remarks>
/// <para>Checks at once, then at growing intervals up to -PollInterval. An object that exists is written with its metadata, so that
/// the pipeline can continue with it. Several objects are waited for at the same time; each is written as soon as it exists.</para>
/// <para>-Until takes a script that gets the object with its metadata as $_ ($null while it does not exist) and ends the wait when it returns true.
/// An error in the script is reported and ends the wait for that object. This needs PowerShell: the cloudlab command cannot run scripts.</para>
/// <para>Errors: WaitTimeout when time is up, with the last state seen; ConditionFailed when the script of -Until fails; AccessDenied when
/// access is not allowed.</para>
/// </remarks>
/// <example>
/// <para>Waits for an object and reads it.</para>
/// <code>Wait-LabObject -Bucket movies -Key data/users.json -Timeout 30 | Get-LabObjectContent -First 3</code>
/// </example>
/// <example>
/// <para>Waits until an object is gone.</para>
/// <code>Wait-LabObject -Bucket movies -Key data/lock -NotExists</code>
/// </example>
/// <example>
/// <para>Waits until an object was written today and has content.</para>
/// <code>Wait-LabObject -Bucket movies -Key data/users.json -Until { $_.LastModified -ge [DateTime]::Today -and $_.Size -gt 0 }</code>
/// </example>
/// <example>
/// <para>Waits until no object from the pipeline is still being restored from the archive, for at most a day.</para>
/// <code>Get-LabObject -Bucket movies | Wait-LabObject -Until { -not $_.RestoreInProgress } -Timeout 1.00:00:00 -PollInterval 00:05:00</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabObject", DefaultParameterSetName = "Exists")]
[OutputType(typeof(LabObjectMetadata))]
public sealed class WaitLabObjectCommand : WaitCommand, IObjectNames
{
    /// <inheritdoc cref="ObjectCommand.Bucket"/>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Keys of the objects.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [KeyText]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        string bucket = Bucket;
        foreach (string key in Key)
        {
            await StartWaitAsync(ObjectName.Uri(bucket, key), token => Objects.FindAsync(bucket, key, ReadOptions.Default, token), Describe);
        }
    }

    private static string Describe(LabObjectMetadata found) => string.Create(
        CultureInfo.InvariantCulture, $"{found.Size} bytes, ETag {found.ETag}, last modified {found.LastModified:u}");
}
