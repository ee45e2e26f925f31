using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Tells whether a bucket exists and you can use it.</summary>
/// <remarks>
/// <para>Writes $true when the bucket answers you and $false when there is none of that name. When the service says neither - the name
/// belongs to somebody else, or your keys may not look - it is an error and nothing is written, so that a script does not take
/// "not allowed" for "not there" and tries to create it.</para>
/// <para>Errors: AccessDenied when you may not look; InvalidBucketName when it cannot be a bucket's name.</para>
/// </remarks>
/// <example>
/// <para>Is there a bucket called movies?</para>
/// <code>Test-LabBucket -Bucket movies</code>
/// </example>
/// <example>
/// <para>Creates a bucket only if it is not there yet.</para>
/// <code>if (-not (Test-LabBucket movie-archive)) { New-LabBucket movie-archive }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsDiagnostic.Test, "LabBucket")]
[OutputType(typeof(bool))]
public sealed class TestLabBucketCommand : StorageCommand
{
    /// <summary>Names of the buckets; one answer for each, in their order.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Bucket)
        {
            try
            {
                await WriteAsync(await Buckets.FindAsync(name, cancellation) is not null, cancellation);
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
