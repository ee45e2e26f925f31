using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Tests whether a bucket exists and you can access it.</summary>
/// <remarks>
/// <para>Writes $true when the bucket is accessible and $false when no bucket has that name. When the service reports neither - the name
/// belongs to someone else, or your keys do not have access - it is an error and nothing is written, so that a script does not mistake
/// "not allowed" for "does not exist" and try to create it.</para>
/// <para>Errors: AccessDenied when access is not allowed; InvalidBucketName when the name is not a valid bucket name.</para>
/// </remarks>
/// <example>
/// <para>Is there a bucket called movies?</para>
/// <code>Test-LabBucket -Bucket movies</code>
/// </example>
/// <example>
/// <para>Creates a bucket only if it does not exist.</para>
/// <code>if (-not (Test-LabBucket movie-archive)) { New-LabBucket movie-archive }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsDiagnostic.Test, "LabBucket")]
[OutputType(typeof(bool))]
public sealed class TestLabBucketCommand : StorageCommand
{
    /// <summary>Names of the buckets; one result for each, in the same order.</summary>
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
