using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Creates presigned URLs, with which someone without credentials can read, write or delete one object.</summary>
/// <remarks>
/// <para>Anyone who has such a URL can perform that one operation in your name until it expires: treat it like a password. It is signed locally,
/// without a request to the service, so the object need not exist. A client must send exactly what the signature covers: the method, and the
/// headers that the property Headers lists (-ContentType, -ContentMD5, -Checksum). Some servers other than Amazon's do not compute a -Checksum, although they
/// require its header; all of them compute -ContentMD5. Ceph refuses a Content-Type that is not signed: curl --data sends one, curl --upload-file does not.</para>
/// <para>By default a URL is valid for an hour, or until the credentials expire if that is sooner. S3 allows at most 7 days.
/// URLs signed with temporary credentials (Use-LabRole, SSO, a role's profile) expire with the credentials, so a longer -ExpiresIn is refused.</para>
/// <para>-PartCount starts an upload in parts and writes everything needed to upload a large object without credentials: one URL
/// for each part, one (POST) that assembles the object, and one (DELETE) that aborts the upload. Each PUT returns an ETag; the body of the POST lists them, as
/// the last example shows, in the order of the parts.
/// Every part except the last must have at least 5 MiB. Only -PartCount changes something in the bucket, so only it asks with -Confirm and is
/// skipped with -WhatIf.</para>
/// <para>The property Url is text, ready for curl. If a key has <c>.</c> or <c>..</c> between slashes, most programs shorten the path, which breaks
/// the signature: use curl --path-as-is, or pass the result of the method ToUri() to Invoke-WebRequest.</para>
/// <para>Errors: ExpiryBeyondCredentials when the URL would outlive the credentials; InvalidExpiry for less than a second or more than
/// 7 days; InvalidUrlRequest for parameters that do not apply to the method; InvalidChecksum; NoSuchBucket and AccessDenied with -PartCount.</para>
/// </remarks>
/// <example>
/// <para>A link to an object, valid for ten minutes, and what it returns.</para>
/// <code>$link = New-LabObjectUrl -Bucket movies -Key data/users.json -ExpiresIn 600; Invoke-RestMethod -Uri $link.Url</code>
/// </example>
/// <example>
/// <para>Lets someone else upload one JSON file.</para>
/// <code>$link = New-LabObjectUrl -Bucket movies -Key inbox/new.json -Method PUT -ContentType application/json; Invoke-RestMethod -Uri $link.Url -Method $link.Method -Headers $link.Headers -Body '{}'</code>
/// </example>
/// <example>
/// <para>Download links for everything under a prefix, valid for a day, that a browser saves as files.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/ | New-LabObjectUrl -ExpiresIn 1.00:00:00 -ResponseContentDisposition attachment | Select-Object Key, Url</code>
/// </example>
/// <example>
/// <para>Only the file that was hashed can be uploaded.</para>
/// <code>New-LabObjectUrl -Bucket movies -Key data/users.json -Method PUT -Checksum (Get-FileHash data/users.json).Hash</code>
/// </example>
/// <example>
/// <para>All URLs for an upload in three parts.</para>
/// <code>New-LabObjectUrl -Bucket movies -Key reel.mkv -PartCount 3 | Select-Object Action, PartNumber, Method, Url</code>
/// </example>
/// <example>
/// <para>A complete upload using only URLs.</para>
/// <code>$links = New-LabObjectUrl -Bucket movies -Key copy.json -PartCount 1; $tag = (Invoke-WebRequest -Uri $links[0].Url -Method PUT -InFile data/movies.json).Headers.ETag; Invoke-RestMethod -Uri $links[1].Url -Method POST -Body "&lt;CompleteMultipartUpload&gt; &lt;Part&gt; &lt;PartNumber&gt;1&lt;/PartNumber&gt; &lt;ETag&gt;$tag&lt;/ETag&gt; &lt;/Part&gt; &lt;/CompleteMultipartUpload&gt;"</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject or LabMultipartUpload: anything with Bucket and Key, and optionally VersionId or UploadId.</inputtype>
/// <seealso cref="GetLabObjectCommand"/>
/// <seealso cref="Transfers.ReceiveLabObjectCommand"/>
/// <seealso cref="Buckets.Settings.SetLabBucketPolicyCommand"/>
[Cmdlet(VerbsCommon.New, "LabObjectUrl", DefaultParameterSetName = ObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(LabObjectUrl))]
public sealed class NewLabObjectUrlCommand : StorageCommand, IObjectNames
{
    private const string ObjectSet = "Object", PartSet = "Part", UploadSet = "Upload";

    private readonly Dictionary<StorageClient, ObjectUrls> all = [];
    private ObjectUrls? urls;

    /// <summary>Bucket of the objects; or the full name of one object, <c>s3://bucket/key</c>, instead of -Bucket and -Key.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <inheritdoc cref="WaitLabObjectCommand.Key"/>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [KeyText]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <summary>What the URL does: GET reads the object (the default), HEAD reads only its metadata, PUT writes it, DELETE deletes it.</summary>
    [Parameter(ParameterSetName = ObjectSet)]
    [ValidateSet("GET", "HEAD", "PUT", "DELETE")]
    public string Method { get; set; } = "GET";

    /// <summary>How long the URL is valid: a TimeSpan or a number of seconds, 1 second to 7 days. One hour if omitted.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan ExpiresIn { get; set; }

    /// <summary>Version to read or delete, in a bucket that keeps versions. Ignored for PUT, which creates a new one.</summary>
    [Parameter(ParameterSetName = ObjectSet, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(VersionIdCompleter))]
    [AllowNull]
    [AllowEmptyString]
    public string? VersionId
    {
        get;

        // What a listing of current objects writes has none.
        set => field = string.IsNullOrEmpty(value) ? null : value;
    }

    /// <summary>Media type that must be sent with PUT. With -PartCount the type that the object gets; if omitted, determined by the key's extension.</summary>
    [Parameter(ParameterSetName = ObjectSet)]
    [Parameter(ParameterSetName = UploadSet)]
    [ArgumentCompleter(typeof(ContentTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentType { get; set; }

    /// <summary>MD5 that the content must have, in Base64 or hexadecimal; it must be sent with PUT, and the service checks it.</summary>
    [Parameter(ParameterSetName = ObjectSet)]
    [Parameter(ParameterSetName = PartSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentMD5 { get; set; }

    /// <summary>Checksum that the content must have, in Base64 or hexadecimal (the format of Get-FileHash); it must be sent with PUT, and the service checks it.</summary>
    [Parameter(ParameterSetName = ObjectSet)]
    [Parameter(ParameterSetName = PartSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Checksum { get; set; }

    /// <summary>Algorithm of -Checksum; SHA256 if omitted.</summary>
    [Parameter(ParameterSetName = ObjectSet)]
    [Parameter(ParameterSetName = PartSet)]
    [ValidateSet("SHA256", "SHA1", "CRC32", "CRC32C", "CRC64NVME")]
    public string ChecksumAlgorithm { get; set; } = "SHA256";

    /// <summary>Media type of the response to GET, instead of the object's own.</summary>
    [Parameter(ParameterSetName = ObjectSet)]
    [ArgumentCompleter(typeof(ContentTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ResponseContentType { get; set; }

    /// <summary>Content-Disposition of the response to GET: <c>attachment; filename="users.json"</c>.</summary>
    [Parameter(ParameterSetName = ObjectSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ResponseContentDisposition { get; set; }

    /// <summary>Upload that the parts belong to. With -PartCount an upload that has already been started; a new one if omitted.</summary>
    [Parameter(ParameterSetName = PartSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = UploadSet, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(UploadIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? UploadId { get; set; }

    /// <summary>Numbers of the parts to create URLs for, 1 to 10,000.</summary>
    [Parameter(ParameterSetName = PartSet, Mandatory = true)]
    [ValidateRange(1, 10000)]
    public int[] PartNumber { get; set; } = [];

    /// <summary>Creates the URLs of a complete upload in this number of parts, 1 to 10,000: for each part, for completing and for aborting it.</summary>
    [Parameter(ParameterSetName = UploadSet, Mandatory = true)]
    [ValidateRange(1, 10000)]
    public int PartCount { get; set; }

    private ObjectUrlRequest Common => new()
    {
        ExpiresIn = MyInvocation.BoundParameters.ContainsKey(nameof(ExpiresIn)) ? ExpiresIn : null,
    };

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (!all.TryGetValue(Client, out urls))
        {
            all[Client] = urls = new ObjectUrls(Client);
        }

        foreach (string key in Key)
        {
            try
            {
                switch (ParameterSetName)
                {
                    case UploadSet:
                        await WriteUploadAsync(key, cancellation);
                        break;
                    case PartSet:
                        foreach (int number in PartNumber)
                        {
                            await WriteAsync(await urls.CreateAsync(Bucket, key, Part(UploadId!, number), cancellation), cancellation);
                        }

                        break;
                    default:
                        await WriteAsync(await urls.CreateAsync(Bucket, key, Whole(), cancellation), cancellation);
                        break;
                }
            }
            catch (LabException e)
            {
                WriteProblem(e, ObjectName.Uri(Bucket, key));
            }
        }
    }

    private ObjectUrlRequest Whole()
    {
        ObjectUrlAction action = Enum.Parse<ObjectUrlAction>(Method, ignoreCase: true);
        return Common with
        {
            Action = action,
            VersionId = action == ObjectUrlAction.Put ? null : VersionId,
            ContentType = ContentType,
            ContentMD5 = ContentMD5,
            Checksum = Checksum,
            ChecksumAlgorithm = ChecksumAlgorithm,
            ResponseContentType = ResponseContentType,
            ResponseContentDisposition = ResponseContentDisposition,
        };
    }

    private ObjectUrlRequest Part(string uploadId, int number) => Common with
    {
        Action = ObjectUrlAction.UploadPart,
        UploadId = uploadId,
        PartNumber = number,
        ContentMD5 = ContentMD5,
        Checksum = Checksum,
        ChecksumAlgorithm = ChecksumAlgorithm,
    };

    private async Task WriteUploadAsync(string key, CancellationToken cancellation)
    {
        if (UploadId is not null && ContentType is not null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "InvalidUrlRequest", "-ContentType is set when an upload begins: omit it with -UploadId.");
        }

        // What is wrong with the request shows before an upload is begun.
        ObjectUrlRequest complete = Common with { Action = ObjectUrlAction.CompleteUpload, UploadId = UploadId };
        await urls!.CreateAsync(Bucket, key, complete, cancellation);
        if (UploadId is null && !await ShouldProcessAsync(ObjectName.Uri(Bucket, key), $"Begin an upload in {PartCount} parts"))
        {
            return;
        }

        string id = UploadId ?? await new MultipartUploadStore(Client).CreateAsync(Bucket, key, ContentType, cancellation);
        for (int number = 1; number <= PartCount; number++)
        {
            await WriteAsync(await urls.CreateAsync(Bucket, key, Part(id, number), cancellation), cancellation);
        }

        await WriteAsync(await urls.CreateAsync(Bucket, key, complete with { UploadId = id }, cancellation), cancellation);
        await WriteAsync(
            await urls.CreateAsync(Bucket, key, complete with { UploadId = id, Action = ObjectUrlAction.AbortUpload }, cancellation), cancellation);
    }
}
