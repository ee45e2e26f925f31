using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Removes buckets; with -Force also their contents.</summary>
/// <remarks>
/// <para>Without -Force only an empty bucket is removed, after confirmation. With -Force the bucket is emptied first - all objects with all their
/// versions and delete markers, and unfinished uploads, many at a time - and without confirmation unless -Confirm is given. This cannot be undone.</para>
/// <para>Objects written while the bucket is being emptied are removed as well; if writing does not stop, the cmdlet gives up after four rounds.</para>
/// <para>Errors: NoSuchBucket when it does not exist; BucketNotEmpty when it is not empty and -Force is missing; AccessDenied.
/// A version that cannot be removed, such as one that is locked, is a separate error: the others are removed, and the bucket stays.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>Remove-LabBucket -Bucket movies -Force -WhatIf</code>
/// </example>
/// <example>
/// <para>Creates a bucket with an object in it, and removes both.</para>
/// <code>New-LabBucket -Bucket movie-drafts; Set-LabObjectContent -Bucket movie-drafts -Key a.txt -Value 'draft'; Remove-LabBucket -Bucket movie-drafts -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBucket", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBucketCommand : StorageCommand
{
    /// <summary>Names of the buckets. No wildcards: pipe Get-LabBucket instead.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <summary>Empties the bucket first, and does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Bucket)
        {
            try
            {
                BucketName.Validate(name);
                string action = Force ? "Remove bucket and everything in it" : "Remove bucket";
                if (await ShouldProcessAsync("s3://" + name, action, Force))
                {
                    foreach (LabException failure in await Buckets.RemoveAsync(name, Force, cancellation))
                    {
                        WriteProblem(failure, name);
                    }
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
