using System.Management.Automation;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Moves or renames objects, without moving their content through this machine.</summary>
/// <remarks>
/// <para>S3 cannot rename: each object is copied as by Copy-LabObject, and the source is deleted once the copy exists and is verified.
/// If the source is changed in the meantime it is kept, and that is an error. In a bucket that keeps versions the source is hidden and
/// its versions stay; with -VersionId that version itself is deleted.</para>
/// <para>Objects named by -Key or from the pipeline keep their whole key after -DestinationPrefix, and so do the objects of a folder from the
/// pipeline; if the pipeline has a folder as well as objects in it, only these objects are moved. With -Prefix the name is the part after
/// the last slash of the prefix. Content type, metadata and tags are those of the source unless set by parameters.</para>
/// <para>Errors: those of Copy-LabObject; SameObject for a move onto itself; SourceNotDeleted when the copy exists but the source
/// could not be deleted, so that both exist.</para>
/// </remarks>
/// <example>
/// <para>Renames an object.</para>
/// <code>Move-LabObject -Bucket movies -Key data/users.json -DestinationKey data/people.json</code>
/// </example>
/// <example>
/// <para>Moves everything under a prefix; shows first what would be done.</para>
/// <code>Move-LabObject -Bucket movies -Prefix data/ -DestinationPrefix old/ -WhatIf; Move-LabObject -Bucket movies -Prefix data/ -DestinationPrefix old/</code>
/// </example>
/// <example>
/// <para>Moves the objects of a listing to another bucket.</para>
/// <code>$null = New-LabBucket movie-archive; Get-LabObject -Bucket movies -Include *.json | Move-LabObject -DestinationBucket movie-archive</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject, LabPrefix: anything with Bucket, and Key or Prefix.</inputtype>
[Cmdlet(VerbsCommon.Move, "LabObject", SupportsShouldProcess = true)]
[OutputType(typeof(LabTransfer))]
public sealed class MoveLabObjectCommand : CopyCommand
{
    /// <inheritdoc/>
    protected override string Activity => "Moving objects";

    /// <inheritdoc/>
    protected override string Action => "Move object";

    /// <inheritdoc/>
    protected override Task<LabTransfer> TransferAsync(
        string sourceBucket, string sourceKey, ReadOptions read, string bucket, string key, UploadOptions options, CancellationToken cancellation) =>
        new ObjectMover(Client, Engine).MoveAsync(sourceBucket, sourceKey, read, bucket, key, options, Meter, cancellation);
}
