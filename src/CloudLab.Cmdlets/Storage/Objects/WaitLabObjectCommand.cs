using System.Globalization;
using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Waits until objects exist, are gone, or are as you want them.</summary>
/// <remarks>
/// <para>Looks at once, then at growing intervals up to -PollInterval. An object that is there is passed on with its metadata, so that
/// the pipeline goes on with it. Several objects are waited for at the same time; each comes out as soon as it is there.</para>
/// <para>-Until takes a script that sees the object with its metadata as $_ - null while there is none - and ends the wait when what it gives is true.
/// An error in the script is reported and ends the wait for that object. It needs PowerShell: the cloudlab command has no scripts.</para>
/// <para>Errors: WaitTimeout when time is up, with what was last seen; ConditionFailed when the script of -Until fails; AccessDenied when
/// you may not look.</para>
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
/// <para>Waits until an object is of today and has content.</para>
/// <code>Wait-LabObject -Bucket movies -Key data/users.json -Until { $_.LastModified -ge [DateTime]::Today -and $_.Size -gt 0 }</code>
/// </example>
/// <example>
/// <para>Waits until no object that comes in is on its way back from the archive, for a day at most.</para>
/// <code>Get-LabObject -Bucket movies | Wait-LabObject -Until { -not $_.RestoreInProgress } -Timeout 1.00:00:00 -PollInterval 00:05:00</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabObject", DefaultParameterSetName = "Exists")]
[OutputType(typeof(LabObjectMetadata))]
public sealed class WaitLabObjectCommand : WaitCommand, IObjectNames
{
    /// <inheritdoc cref="ObjectCommand.Bucket"/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
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
