using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets up buckets as static websites, or redirects their visitors.</summary>
/// <remarks>
/// <para>Give either -IndexDocument, the page for each folder, or -RedirectAllRequestsTo. -PassThru writes the website, with its address at
/// Amazon. Visitors need permission to read the objects: see Set-LabBucketPolicy and Set-LabBucketPublicAccessBlock.</para>
/// <para>The website configuration is replaced as a whole: settings that are not given are removed.</para>
/// <para>Errors: WebsiteInvalid when the parameters cannot be combined, before anything is sent; NoSuchBucket; AccessDenied; NotImplemented or
/// MethodNotAllowed by a server without websites.</para>
/// </remarks>
/// <example>
/// <para>A website with its own page for errors.</para>
/// <code>Set-LabBucketWebsite -Bucket movies -IndexDocument index.html -ErrorDocument 404.html -PassThru</code>
/// </example>
/// <example>
/// <para>Redirects all visitors to another host.</para>
/// <code>New-LabBucket old-movies; Set-LabBucketWebsite old-movies -RedirectAllRequestsTo https://movies.example</code>
/// </example>
/// <example>
/// <para>Redirects requests for a folder that has moved.</para>
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

    /// <summary>Key of the page that is served for an error: <c>404.html</c>.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? ErrorDocument { get; set; }

    /// <summary>Host to which all requests are redirected: <c>movies.example</c>, or <c>https://movies.example</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? RedirectAllRequestsTo { get; set; }

    /// <summary>Rules that redirect requests, as hashtables: <c>@{ HttpErrorCode = '404'; HostName = 'archive.example' }</c>.</summary>
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
