using System.Management.Automation;
using CloudLab.Core.Storage;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Creates buckets.</summary>
/// <remarks>
/// <para>The name is checked against S3's naming rules before anything is sent. The bucket is created in the region of -Region, else in
/// that of the session; a server that is not Amazon's decides itself unless -Region is given.</para>
/// <para>To make a script repeatable, ask first: <c>if (-not (Test-LabBucket movies)) { New-LabBucket movies }</c>. Some services answer
/// a second creation of your own bucket with success (Amazon in us-east-1, Ceph), others with BucketAlreadyOwnedByYou.</para>
/// <para>Errors: InvalidBucketName when the name breaks a rule; BucketAlreadyExists when somebody has it already;
/// BucketAlreadyOwnedByYou when you have it already; InvalidLocationConstraint when the region is not known to the service.</para>
/// </remarks>
/// <example>
/// <para>Creates a bucket.</para>
/// <code>New-LabBucket -Bucket movie-posters</code>
/// </example>
/// <example>
/// <para>Creates two buckets and waits until they can be used.</para>
/// <code>New-LabBucket -Bucket movie-trailers, movie-scripts | Wait-LabBucket</code>
/// </example>
/// <inputtype>System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.New, "LabBucket", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucket))]
public sealed class NewLabBucketCommand : StorageCommand
{
    /// <summary>Names of the buckets: 3 to 63 lower-case letters, digits, dots and hyphens.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Bucket)
        {
            try
            {
                BucketName.ValidateNew(name);
                if (await ShouldProcessAsync("s3://" + name, "Create bucket"))
                {
                    await WriteAsync(await Buckets.CreateAsync(name, Region, cancellation), cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
