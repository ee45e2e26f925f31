using System.Management.Automation;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Moves or renames objects, without moving their content through this machine.</summary>
/// <remarks>
/// <para>S3 has no renaming: each object is copied as Copy-LabObject does it, and when the copy is there and proved the source is deleted.
/// If somebody writes the source anew meanwhile it stays, and that is an error. In a bucket that keeps versions the source is hidden and
/// its versions stay; with -VersionId that version itself is deleted.</para>
/// <para>Objects named by -Key or from the pipeline keep their whole key behind -DestinationPrefix, by themselves and in a folder that the pipeline
/// brings; a folder that comes together with objects in it stands for these only. With -Prefix the name is what follows
/// the prefix's last slash. Content type, metadata and tags are those of the source, unless parameters name others.</para>
/// <para>Errors: those of Copy-LabObject; SameObject for a move onto itself; SourceNotDeleted when the copy is there but the source
/// could not be deleted: both exist then.</para>
/// </remarks>
/// <example>
/// <para>Renames an object.</para>
/// <code>Move-LabObject -Bucket movies -Key data/users.json -DestinationKey data/people.json</code>
/// </example>
/// <example>
/// <para>Moves everything under a prefix; shows first what would become of it.</para>
/// <code>Move-LabObject -Bucket movies -Prefix data/ -DestinationPrefix old/ -WhatIf; Move-LabObject -Bucket movies -Prefix data/ -DestinationPrefix old/</code>
/// </example>
/// <example>
/// <para>Moves what a listing shows to another bucket.</para>
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
