using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Storage;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Creates buckets.</summary>
/// <remarks>
/// <para>The name is checked against S3's naming rules before anything is sent. The bucket is created in the region of -Region, otherwise in
/// that of the session; a server other than Amazon's decides itself unless -Region is given.</para>
/// <para>With -Versioning, -ObjectLock or -Tag the bucket is created and configured together: if a setting is refused, the new bucket is removed
/// again, and a bucket that already exists is not changed.</para>
/// <para>To make a script repeatable, test first: <c>if (-not (Test-LabBucket movies)) { New-LabBucket movies }</c>. Some services report
/// a second creation of your own bucket with success (Amazon in us-east-1, Ceph), others with BucketAlreadyOwnedByYou.</para>
/// <para>Errors: InvalidBucketName when the name breaks a rule, InvalidTag when a tag does; BucketAlreadyExists when someone else owns it;
/// BucketAlreadyOwnedByYou when you already own it; InvalidLocationConstraint when the service does not know the region; BucketHalfMade when a
/// setting was refused and the bucket could not be removed again.</para>
/// </remarks>
/// <example>
/// <para>Creates a bucket.</para>
/// <code>New-LabBucket -Bucket movie-posters</code>
/// </example>
/// <example>
/// <para>Creates two buckets and waits until they can be used.</para>
/// <code>New-LabBucket -Bucket movie-trailers, movie-scripts | Wait-LabBucket</code>
/// </example>
/// <example>
/// <para>A bucket that keeps old versions, with two tags.</para>
/// <code>New-LabBucket -Bucket movie-masters -Versioning -Tag @{ team = 'film'; cost = 42 }</code>
/// </example>
/// <inputtype>System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.New, "LabBucket", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucket))]
public sealed class NewLabBucketCommand : StorageCommand
{
    /// <summary>Names of the buckets: 3 to 63 lower-case letters, digits, dots and hyphens.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <summary>Keeps the old versions of objects that are replaced or deleted.</summary>
    [Parameter]
    public SwitchParameter Versioning { get; set; }

    /// <summary>Allows versions to be locked against removal; implies -Versioning. It cannot be undone, and some services offer it only when a bucket is created.</summary>
    [Parameter]
    public SwitchParameter ObjectLock { get; set; }

    /// <summary>Tags: <c>@{ team = 'film' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Tag { get; set; }

    /// <inheritdoc/>
    private protected override bool FollowsInput => false;

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
                    NewBucket bucket = new() { Name = name, Region = Region, Versioning = Versioning, ObjectLock = ObjectLock, Tags = PlainObject.Texts(Tag) };
                    await WriteAsync(await Buckets.CreateAsync(bucket, cancellation), cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
