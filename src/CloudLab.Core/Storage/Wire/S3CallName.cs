using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Storage.Wire;

/// <summary>The name that the S3 API has for a request (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html).</summary>
internal static class S3CallName
{
    /// <summary>Notes a request that succeeded.</summary>
    /// <param name="request">The request.</param>
    public static void Note(S3Request request)
    {
        string? Query(string name) => request.Query.Find(parameter => parameter.Name == name).Value;
        string? Header(string name) => request.Headers.Find(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        AwsCallLog.Current.Add(
            "s3", Of(request), ("bucketName", request.Bucket), ("key", request.Key), ("prefix", Query("prefix")), ("versionId", Query("versionId")),
            ("x-amz-copy-source", Header("x-amz-copy-source")), ("x-amz-acl", Header("x-amz-acl")), ("x-amz-tagging", Header("x-amz-tagging")),
            ("x-amz-tagging-directive", Header("x-amz-tagging-directive")));
    }

    /// <summary>The name of a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns><c>HeadObject</c>.</returns>
    public static string Of(S3Request request)
    {
        bool Has(string name) => request.Query.Exists(parameter => parameter.Name == name);
        bool copies = request.Headers.Exists(header => header.Name.Equals("x-amz-copy-source", StringComparison.OrdinalIgnoreCase));
        return request.Key.Length == 0
            ? request.Method.Method switch
            {
                "HEAD" => "HeadBucket",
                "POST" => "DeleteObjects",
                "PUT" => "CreateBucket",
                "DELETE" => "DeleteBucket",
                _ => request.Bucket.Length == 0 ? "ListBuckets" : Has("versions") ? "ListObjectVersions" : Has("uploads") ? "ListMultipartUploads" : "ListObjectsV2",
            }
            : request.Method.Method switch
            {
                "HEAD" => "HeadObject",
                "POST" => Has("uploads") ? "CreateMultipartUpload" : Has("restore") ? "RestoreObject" : "CompleteMultipartUpload",
                "PUT" => Has("partNumber") ? (copies ? "UploadPartCopy" : "UploadPart") : copies ? "CopyObject" : Has("tagging") ? "PutObjectTagging" : "PutObject",
                "DELETE" => Has("uploadId") ? "AbortMultipartUpload" : Has("tagging") ? "DeleteObjectTagging" : "DeleteObject",
                _ => Has("uploadId") ? "ListParts" : Has("attributes") ? "GetObjectAttributes" : Has("tagging") ? "GetObjectTagging" : "GetObject",
            };
    }
}
