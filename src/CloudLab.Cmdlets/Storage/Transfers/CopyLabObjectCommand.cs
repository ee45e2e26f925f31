using System.Management.Automation;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Copies objects within a bucket or to another one, without moving their content through this machine.</summary>
/// <remarks>
/// <para>Objects named by -Key or from the pipeline keep their whole key after -DestinationPrefix, and so do the objects of a folder from the
/// pipeline; if the pipeline has a folder as well as objects in it, only these objects are copied. With -Prefix the name is the part after
/// the last slash of the prefix, as with Receive-LabObject. -DestinationKey sets the new key of one object. Without -DestinationBucket
/// the copies stay in the bucket.</para>
/// <para>Content type, metadata and tags are those of the source unless set by parameters. Copying an object to its own key is how they
/// are changed in place. An object of more than 5 GiB is copied in parts. Several objects are copied at once. A copy appears when it
/// is complete, and replaces an object of the same key unless -NoClobber is given.</para>
/// <para>Errors: NoSuchKey, NoSuchBucket, NoSuchVersion; ObjectAlreadyExists with -NoClobber; DuplicateKey when two objects of one command
/// would have the same new key; InvalidRequest for a copy onto itself that changes nothing; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Copies one object.</para>
/// <code>Copy-LabObject -Bucket movies -Key data/users.json -DestinationKey data/users-old.json</code>
/// </example>
/// <example>
/// <para>Copies everything under a prefix to another bucket.</para>
/// <code>$null = New-LabBucket movie-archive; Copy-LabObject -Bucket movies -Prefix data/ -DestinationBucket movie-archive -DestinationPrefix 2026/</code>
/// </example>
/// <example>
/// <para>Copies the objects of a listing.</para>
/// <code>Get-LabObject -Bucket movies -Include *.json | Copy-LabObject -DestinationPrefix backup/</code>
/// </example>
/// <example>
/// <para>Changes the content type of an object in place.</para>
/// <code>Copy-LabObject -Bucket movies -Key data/users.json -DestinationKey data/users.json -ContentType text/plain</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject, LabPrefix: anything with Bucket, and Key or Prefix.</inputtype>
[Cmdlet(VerbsCommon.Copy, "LabObject", SupportsShouldProcess = true)]
[OutputType(typeof(LabTransfer))]
public sealed class CopyLabObjectCommand : CopyCommand
{
    /// <inheritdoc/>
    protected override string Activity => "Copying objects";

    /// <inheritdoc/>
    protected override string Action => "Copy object";

    /// <inheritdoc/>
    protected override Task<LabTransfer> TransferAsync(
        string sourceBucket, string sourceKey, ReadOptions read, string bucket, string key, UploadOptions options, CancellationToken cancellation) =>
        Engine.CopyAsync(sourceBucket, sourceKey, read, bucket, key, options, Meter, cancellation);
}
