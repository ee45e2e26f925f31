using System.Xml.Linq;
using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Buckets;

/// <summary>Access control lists: in headers, in documents, and switched off as they are for a bucket of today.</summary>
internal static class AccessList
{
    private const string Instance = "http://www.w3.org/2001/XMLSchema-instance";
    private const string LogDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery";

    private static readonly (string Header, string Permission)[] GrantHeaders =
    [
        ("x-amz-grant-read", "READ"), ("x-amz-grant-write", "WRITE"), ("x-amz-grant-read-acp", "READ_ACP"),
        ("x-amz-grant-write-acp", "WRITE_ACP"), ("x-amz-grant-full-control", "FULL_CONTROL"),
    ];

    /// <summary>Reads the list that a request's headers ask for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket, which may have no lists.</param>
    /// <param name="ownerId">Canonical user id of the owner.</param>
    /// <returns>The list; null where only the owner may do anything. Throws AccessControlListNotSupported.</returns>
    public static IReadOnlyList<AccessGrant>? FromHeaders(S3Request request, S3Bucket bucket, string ownerId)
    {
        string? canned = request.Headers.Get("x-amz-acl");
        AccessGrant[] given = [.. GrantHeaders.SelectMany(header => request.Headers.All(header.Header).SelectMany(text => ParseGrantees(header.Header, text))
            .Select(grantee => new AccessGrant(grantee, header.Permission)))];
        if (canned is not null && given.Length > 0)
        {
            throw S3Exception.InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed");
        }

        AccessGrant owner = new(ownerId, "FULL_CONTROL");
        IReadOnlyList<AccessGrant> grants = given.Length > 0 ? given : canned switch
        {
            null or "private" or "bucket-owner-full-control" or "bucket-owner-read" or "aws-exec-read" => [owner],
            "public-read" => [owner, new(AccessGrant.AllUsers, "READ")],
            "public-read-write" => [owner, new(AccessGrant.AllUsers, "READ"), new(AccessGrant.AllUsers, "WRITE")],
            "authenticated-read" => [owner, new(AccessGrant.AuthenticatedUsers, "READ")],
            "log-delivery-write" => [owner, new(LogDelivery, "WRITE"), new(LogDelivery, "READ_ACP")],
            _ => throw S3Exception.InvalidArgument("x-amz-acl", canned, ""),
        };
        bool plain = canned is null or "private" or "bucket-owner-full-control";
        return Check(bucket, grants, ownerId, given.Length > 0 || !plain);
    }

    /// <summary>Reads the list that a document asks for.</summary>
    /// <param name="root">An AccessControlPolicy.</param>
    /// <param name="bucket">The bucket, which may have no lists.</param>
    /// <param name="ownerId">Canonical user id of the owner.</param>
    /// <returns>The list; null where only the owner may do anything. Throws AccessControlListNotSupported.</returns>
    public static IReadOnlyList<AccessGrant>? FromDocument(XElement root, S3Bucket bucket, string ownerId)
    {
        IReadOnlyList<AccessGrant> grants = AccessGrant.ReadAll(root);
        return Check(bucket, grants, ownerId, grants.Any(grant => grant != new AccessGrant(ownerId, "FULL_CONTROL")));
    }

    /// <summary>Writes a list.</summary>
    /// <param name="grants">The list; null where only the owner may do anything.</param>
    /// <param name="ownerId">Canonical user id of the owner.</param>
    /// <returns>An AccessControlPolicy.</returns>
    public static S3Xml ToDocument(IReadOnlyList<AccessGrant>? grants, string ownerId)
    {
        S3Xml document = new S3Xml("AccessControlPolicy").AddOwner("Owner", ownerId).Open("AccessControlList");
        foreach (AccessGrant grant in grants ?? [new AccessGrant(ownerId, "FULL_CONTROL")])
        {
            document.Open("Grant")
                .Open("Grantee", $" xmlns:xsi=\"{Instance}\" xsi:type=\"{(grant.IsGroup ? "Group" : "CanonicalUser")}\"")
                .Add(grant.IsGroup ? "URI" : "ID", grant.Grantee).Close()
                .Add("Permission", grant.Permission).Close();
        }

        return document;
    }

    private static IReadOnlyList<AccessGrant>? Check(S3Bucket bucket, IReadOnlyList<AccessGrant> grants, string ownerId, bool opens)
    {
        if (!opens)
        {
            return null;
        }

        if (bucket.Settings.Ownership == OwnershipControls.BucketOwnerEnforced)
        {
            throw new S3Exception(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
        }

        bool isPublic = grants.Any(grant => grant.Grantee is AccessGrant.AllUsers or AccessGrant.AuthenticatedUsers);
        if (isPublic && bucket.Settings.PublicAccess.BlockAcls)
        {
            throw S3Exception.AccessDenied("Access Denied because public access control lists are blocked by the BlockPublicAcls setting.");
        }

        return grants;
    }

    // id="…", uri="…"
    private static IEnumerable<string> ParseGrantees(string header, string text) => text.Split(',', StringSplitOptions.TrimEntries).Select(item =>
        item.Split('=', 2) is [("id" or "uri"), { Length: > 0 } value]
            ? value.Trim('"')
            : throw S3Exception.InvalidArgument(header, item, "Argument format not recognized"));
}
