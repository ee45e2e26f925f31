using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Removes buckets; with -Force also what is in them.</summary>
/// <remarks>
/// <para>Without -Force only an empty bucket goes, after a question. With -Force the bucket is emptied first - all objects with all their
/// versions and delete markers, and unfinished uploads, many at a time - and nothing is asked unless -Confirm is given. There is no way back.</para>
/// <para>What is written while the bucket is emptied is removed as well; a bucket that is written to without end is given up after four rounds.</para>
/// <para>Errors: NoSuchBucket when it does not exist; BucketNotEmpty when something is in it and -Force is missing; AccessDenied.
/// A version that cannot be removed, such as one that is locked, is an error of its own: the others go, and the bucket stays.</para>
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
    /// <summary>Names of the buckets. No wildcards: pipe Get-LabBucket for that.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <summary>Empties the bucket first, and does not ask.</summary>
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
