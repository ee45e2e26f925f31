using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Waits until buckets exist, are gone, or meet a condition.</summary>
/// <remarks>
/// <para>Checks at once, then at growing intervals up to -PollInterval. A bucket that exists is written, so that the pipeline can continue
/// with it. Several buckets are waited for at the same time.</para>
/// <para>-Until takes a script that gets the bucket as $_ ($null while it does not exist) and ends the wait when it returns true. An error in the
/// script is reported and ends the wait for that bucket. This needs PowerShell: the cloudlab command cannot run scripts.</para>
/// <para>Errors: WaitTimeout when time is up, with the last state seen; ConditionFailed when the script of -Until fails; AccessDenied when
/// access is not allowed.</para>
/// </remarks>
/// <example>
/// <para>Waits for a bucket just created.</para>
/// <code>Wait-LabBucket -Bucket movies -Timeout 30</code>
/// </example>
/// <example>
/// <para>Waits until a bucket is gone, checking at least every second.</para>
/// <code>Wait-LabBucket -Bucket no-such-bucket -NotExists -PollInterval 1</code>
/// </example>
/// <example>
/// <para>Waits until a bucket has its first object.</para>
/// <code>Wait-LabBucket -Bucket movies -Until { $_ -and (Get-LabObject -Bucket $_ | Select-Object -First 1) }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabBucket", DefaultParameterSetName = "Exists")]
[OutputType(typeof(LabBucket))]
public sealed class WaitLabBucketCommand : WaitCommand
{
    /// <inheritdoc cref="GetBucketConfigurationCommand.Bucket"/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Bucket)
        {
            await StartWaitAsync("s3://" + name, async token =>
                await Buckets.FindAsync(name, token) is not { } found ? null
                // Only the list of the caller's buckets has the date.
                : NotExists ? found : await Buckets.GetAsync(name, token));
        }
    }
}
