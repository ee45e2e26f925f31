using CloudLab.Emulator.Identity;
using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3;

/// <summary>Asks the account whether a request may do what it wants.</summary>
/// <param name="account">The account.</param>
internal sealed class S3Access(IAccount account)
{
    /// <summary>Canonical user id of the account: what S3 calls owner.</summary>
    public string OwnerId { get; } = Payload.PayloadReceiver.Hex(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes("cloudlab:" + account.AccountId)));

    /// <summary>The account.</summary>
    public string AccountId => account.AccountId;

    /// <summary>The KMS key that S3 takes where none is named.</summary>
    /// <param name="region">Region of the bucket.</param>
    /// <returns>Its ARN.</returns>
    public string DefaultKmsKey(string region) => $"arn:aws:kms:{region}:{account.AccountId}:key/{new Guid(Convert.FromHexString(OwnerId[..32]))}";

    /// <summary>ARN of a bucket.</summary>
    /// <param name="bucket">Its name.</param>
    /// <returns><c>arn:aws:s3:::movies</c>.</returns>
    public static string BucketArn(string bucket) => "arn:aws:s3:::" + bucket;

    /// <summary>ARN of an object.</summary>
    /// <param name="bucket">Name of its bucket.</param>
    /// <param name="key">Its key.</param>
    /// <returns><c>arn:aws:s3:::movies/data/users.json</c>.</returns>
    public static string ObjectArn(string bucket, string key) => $"arn:aws:s3:::{bucket}/{key}";

    /// <summary>Goes on only where the caller may.</summary>
    /// <param name="request">The request.</param>
    /// <param name="action">The action: <c>s3:GetObject</c>.</param>
    /// <param name="resourceArn">What it is done to.</param>
    /// <param name="bucket">The bucket whose policy has a say, or null.</param>
    /// <param name="conditions">Further condition keys.</param>
    public void Require(S3Request request, string action, string resourceArn, S3Bucket? bucket, params (string Key, string? Value)[] conditions) =>
        Require(request, action, resourceArn, bucket, null, conditions);

    /// <summary>Goes on only where the caller may.</summary>
    /// <param name="request">The request.</param>
    /// <param name="action">The action: <c>s3:GetObject</c>.</param>
    /// <param name="resourceArn">What it is done to.</param>
    /// <param name="bucket">The bucket whose policy and list have a say, or null.</param>
    /// <param name="value">The object whose list has a say, or null.</param>
    /// <param name="conditions">Further condition keys.</param>
    public void Require(
        S3Request request, string action, string resourceArn, S3Bucket? bucket, S3Object? value, (string Key, string? Value)[] conditions)
    {
        Authorization answer = Ask(request, action, resourceArn, bucket, conditions);
        if (!answer.Allowed && (answer.Reason.Contains("explicit deny", StringComparison.Ordinal) || !ListAllows(request, action, bucket, value)))
        {
            throw S3Exception.AccessDenied(answer.Message(request.Principal, action, resourceArn));
        }
    }

    /// <summary>Goes on only where the caller may do something to the request's bucket.</summary>
    public void RequireBucket(S3Request request, string action, S3Bucket bucket, params (string Key, string? Value)[] conditions) =>
        Require(request, action, BucketArn(bucket.Name), bucket, conditions);

    /// <summary>Goes on only where the caller may do something to the request's object.</summary>
    public void RequireObject(S3Request request, string action, S3Bucket bucket, params (string Key, string? Value)[] conditions) =>
        Require(request, action, ObjectArn(bucket.Name, request.Key), bucket, conditions);

    /// <summary>
    /// The error for an object that is not there: who may not list the bucket is not told that it is not there.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <returns>NoSuchKey or AccessDenied.</returns>
    public S3Exception Missing(S3Request request, S3Bucket bucket, string key) => Missing(request, bucket, S3Exception.NoSuchKey(key));

    /// <summary>The error for something that is not there: who may not list the bucket is not told that it is not there.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="problem">What to say to who may.</param>
    /// <returns>That, or AccessDenied.</returns>
    public S3Exception Missing(S3Request request, S3Bucket bucket, S3Exception problem)
    {
        string arn = BucketArn(bucket.Name);
        Authorization answer = Ask(request, "s3:ListBucket", arn, bucket, []);
        return answer.Allowed
            ? problem
            : S3Exception.AccessDenied(answer.Message(request.Principal, "s3:ListBucket", arn));
    }

    private static bool ListAllows(S3Request request, string action, S3Bucket? bucket, S3Object? value)
    {
        if (bucket is null || bucket.Settings.Ownership == OwnershipControls.BucketOwnerEnforced || bucket.Settings.PublicAccess.IgnoreAcls)
        {
            return false;
        }

        (IReadOnlyList<AccessGrant>? grants, string needed) = action switch
        {
            "s3:GetObject" or "s3:GetObjectVersion" => (value?.Properties.Grants, "READ"),
            "s3:ListBucket" or "s3:ListBucketVersions" or "s3:ListBucketMultipartUploads" => (bucket.Settings.Grants, "READ"),
            "s3:PutObject" or "s3:DeleteObject" => (bucket.Settings.Grants, "WRITE"),
            _ => (null, ""),
        };
        return grants?.Any(grant => (grant.Permission == needed || grant.Permission == "FULL_CONTROL")
            && (grant.Grantee == AccessGrant.AllUsers || (grant.Grantee == AccessGrant.AuthenticatedUsers && request.Signature is not null))) == true;
    }

    private Authorization Ask(
        S3Request request, string action, string resourceArn, S3Bucket? bucket, (string Key, string? Value)[] conditions)
    {
        Dictionary<string, string[]> context = new(StringComparer.OrdinalIgnoreCase)
        {
            ["aws:SecureTransport"] = ["false"],
            ["aws:SourceIp"] = ["127.0.0.1"],
            ["s3:authType"] = [request.Signature is { Presigned: true } ? "REST-QUERY-STRING" : "REST-HEADER"],
            ["s3:ResourceAccount"] = [account.AccountId],
        };
        if (request.Headers.Get("User-Agent") is { } agent)
        {
            context["aws:UserAgent"] = [agent];
        }

        foreach ((string key, string? value) in conditions)
        {
            if (value is not null)
            {
                context[key] = [value];
            }
        }

        bool strangersIgnored = bucket is not null && bucket.Settings.PublicAccess.RestrictBuckets && request.Signature is null;
        return account.Authorize(request.Principal, action, resourceArn, context, strangersIgnored ? null : bucket?.Settings.Policy);
    }
}
