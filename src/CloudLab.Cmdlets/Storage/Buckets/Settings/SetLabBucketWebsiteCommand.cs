using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Makes static websites of buckets, or sends their visitors elsewhere.</summary>
/// <remarks>
/// <para>Give either -IndexDocument, the page for each folder, or -RedirectAllRequestsTo. -PassThru writes the website, at Amazon with its
/// address. For others to see it, they must be allowed to read the objects: see Set-LabBucketPolicy and Set-LabBucketPublicAccessBlock.</para>
/// <para>The website is replaced as a whole: what is not given is not kept.</para>
/// <para>Errors: WebsiteInvalid when the parameters do not go together, before anything is sent; NoSuchBucket; AccessDenied; NotImplemented or
/// MethodNotAllowed by a server without websites.</para>
/// </remarks>
/// <example>
/// <para>A website with its own page for what is not found.</para>
/// <code>Set-LabBucketWebsite -Bucket movies -IndexDocument index.html -ErrorDocument 404.html -PassThru</code>
/// </example>
/// <example>
/// <para>Sends all visitors to another host.</para>
/// <code>New-LabBucket old-movies; Set-LabBucketWebsite old-movies -RedirectAllRequestsTo https://movies.example</code>
/// </example>
/// <example>
/// <para>A folder has moved.</para>
/// <code>Set-LabBucketWebsite movies index.html -RoutingRule @{ KeyPrefix = 'films/'; ReplaceKeyPrefixWith = 'movies/' }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketWebsite; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketWebsite", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucketWebsite))]
public sealed class SetLabBucketWebsiteCommand : SetBucketConfigurationCommand
{
    /// <summary>Name of the page that is served for a folder: <c>index.html</c>.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? IndexDocument { get; set; }

    /// <summary>Key of the page that is served in place of an error: <c>404.html</c>.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? ErrorDocument { get; set; }

    /// <summary>Host that all requests are sent to: <c>movies.example</c>, or <c>https://movies.example</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? RedirectAllRequestsTo { get; set; }

    /// <summary>Requests that are sent elsewhere, as hashtables: <c>@{ HttpErrorCode = '404'; HostName = 'archive.example' }</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public LabBucketRoutingRule[]? RoutingRule { get; set; }

    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => Website;

    private BucketWebsite Website => new(Client);

    /// <inheritdoc/>
    protected override Task SetAsync(string bucket, CancellationToken cancellation) => Website.SetAsync(
        new LabBucketWebsite
        {
            Bucket = bucket,
            IndexDocument = IndexDocument,
            ErrorDocument = ErrorDocument,
            RedirectAllRequestsTo = RedirectAllRequestsTo,
            RoutingRule = RoutingRule ?? [],
        },
        cancellation);
}
