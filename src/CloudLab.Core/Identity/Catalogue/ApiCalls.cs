using System.Text.RegularExpressions;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Catalogue;

/// <summary>
/// Calls of the API and the permissions they need, where the two have different names. Calls that are not here need the permission of their own
/// name. From the documentation of each service, for S3
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html, for others their page in
/// https://docs.aws.amazon.com/service-authorization/latest/reference/.
/// </summary>
public static partial class ApiCalls
{
    // Call, then its permissions; several in the order in which they are needed.
    private static readonly Dictionary<string, string[]> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["s3:HeadObject"] = ["s3:GetObject"],
        ["s3:SelectObjectContent"] = ["s3:GetObject"],
        ["s3:GetObjectAttributes"] = ["s3:GetObject", "s3:GetObjectAttributes"],
        ["s3:HeadBucket"] = ["s3:ListBucket"],
        ["s3:ListObjects"] = ["s3:ListBucket"],
        ["s3:ListObjectsV2"] = ["s3:ListBucket"],
        ["s3:ListObjectVersions"] = ["s3:ListBucketVersions"],
        ["s3:ListBuckets"] = ["s3:ListAllMyBuckets"],
        ["s3:ListMultipartUploads"] = ["s3:ListBucketMultipartUploads"],
        ["s3:ListParts"] = ["s3:ListMultipartUploadParts"],
        ["s3:CopyObject"] = ["s3:GetObject", "s3:PutObject"],
        ["s3:UploadPartCopy"] = ["s3:GetObject", "s3:PutObject"],
        ["s3:UploadPart"] = ["s3:PutObject"],
        ["s3:CreateMultipartUpload"] = ["s3:PutObject"],
        ["s3:InitiateMultipartUpload"] = ["s3:PutObject"],
        ["s3:CompleteMultipartUpload"] = ["s3:PutObject"],
        ["s3:PostObject"] = ["s3:PutObject"],
        ["s3:DeleteObjects"] = ["s3:DeleteObject"],
        ["s3:DeleteMultipleObjects"] = ["s3:DeleteObject"],
        ["s3:GetBucketAccelerateConfiguration"] = ["s3:GetAccelerateConfiguration"],
        ["s3:PutBucketAccelerateConfiguration"] = ["s3:PutAccelerateConfiguration"],
        ["s3:GetBucketEncryption"] = ["s3:GetEncryptionConfiguration"],
        ["s3:PutBucketEncryption"] = ["s3:PutEncryptionConfiguration"],
        ["s3:DeleteBucketEncryption"] = ["s3:PutEncryptionConfiguration"],
        ["s3:GetBucketLifecycle"] = ["s3:GetLifecycleConfiguration"],
        ["s3:GetBucketLifecycleConfiguration"] = ["s3:GetLifecycleConfiguration"],
        ["s3:PutBucketLifecycle"] = ["s3:PutLifecycleConfiguration"],
        ["s3:PutBucketLifecycleConfiguration"] = ["s3:PutLifecycleConfiguration"],
        ["s3:DeleteBucketLifecycle"] = ["s3:PutLifecycleConfiguration"],
        ["s3:GetBucketReplication"] = ["s3:GetReplicationConfiguration"],
        ["s3:PutBucketReplication"] = ["s3:PutReplicationConfiguration", "iam:PassRole"],
        ["s3:DeleteBucketReplication"] = ["s3:PutReplicationConfiguration"],
        ["s3:GetBucketNotificationConfiguration"] = ["s3:GetBucketNotification"],
        ["s3:PutBucketNotificationConfiguration"] = ["s3:PutBucketNotification"],
        ["s3:GetBucketAnalyticsConfiguration"] = ["s3:GetAnalyticsConfiguration"],
        ["s3:ListBucketAnalyticsConfigurations"] = ["s3:GetAnalyticsConfiguration"],
        ["s3:PutBucketAnalyticsConfiguration"] = ["s3:PutAnalyticsConfiguration"],
        ["s3:DeleteBucketAnalyticsConfiguration"] = ["s3:PutAnalyticsConfiguration"],
        ["s3:GetBucketInventoryConfiguration"] = ["s3:GetInventoryConfiguration"],
        ["s3:ListBucketInventoryConfigurations"] = ["s3:GetInventoryConfiguration"],
        ["s3:PutBucketInventoryConfiguration"] = ["s3:PutInventoryConfiguration"],
        ["s3:DeleteBucketInventoryConfiguration"] = ["s3:PutInventoryConfiguration"],
        ["s3:GetBucketMetricsConfiguration"] = ["s3:GetMetricsConfiguration"],
        ["s3:ListBucketMetricsConfigurations"] = ["s3:GetMetricsConfiguration"],
        ["s3:PutBucketMetricsConfiguration"] = ["s3:PutMetricsConfiguration"],
        ["s3:DeleteBucketMetricsConfiguration"] = ["s3:PutMetricsConfiguration"],
        ["s3:GetBucketIntelligentTieringConfiguration"] = ["s3:GetIntelligentTieringConfiguration"],
        ["s3:ListBucketIntelligentTieringConfigurations"] = ["s3:GetIntelligentTieringConfiguration"],
        ["s3:PutBucketIntelligentTieringConfiguration"] = ["s3:PutIntelligentTieringConfiguration"],
        ["s3:DeleteBucketIntelligentTieringConfiguration"] = ["s3:PutIntelligentTieringConfiguration"],
        ["s3:GetPublicAccessBlock"] = ["s3:GetBucketPublicAccessBlock"],
        ["s3:PutPublicAccessBlock"] = ["s3:PutBucketPublicAccessBlock"],
        ["s3:DeletePublicAccessBlock"] = ["s3:PutBucketPublicAccessBlock"],
        ["s3:DeleteBucketPublicAccessBlock"] = ["s3:PutBucketPublicAccessBlock"],
        ["s3:DeleteBucketCors"] = ["s3:PutBucketCORS"],
        ["s3:DeleteBucketTagging"] = ["s3:PutBucketTagging"],
        ["s3:DeleteBucketOwnershipControls"] = ["s3:PutBucketOwnershipControls"],
        ["s3:GetObjectLockConfiguration"] = ["s3:GetBucketObjectLockConfiguration"],
        ["s3:PutObjectLockConfiguration"] = ["s3:PutBucketObjectLockConfiguration"],
        ["lambda:Invoke"] = ["lambda:InvokeFunction"],
        ["lambda:InvokeWithResponseStream"] = ["lambda:InvokeFunction"],
        ["dynamodb:TransactGetItems"] = ["dynamodb:GetItem"],
        ["dynamodb:TransactWriteItems"] = ["dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
        ["sqs:SendMessageBatch"] = ["sqs:SendMessage"],
        ["sqs:DeleteMessageBatch"] = ["sqs:DeleteMessage"],
        ["sqs:ChangeMessageVisibilityBatch"] = ["sqs:ChangeMessageVisibility"],
        ["sns:PublishBatch"] = ["sns:Publish"],
        ["kms:ReEncrypt"] = ["kms:ReEncryptFrom", "kms:ReEncryptTo"],
        ["secretsmanager:BatchGetSecretValue"] = ["secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"],
        ["bedrock:Converse"] = ["bedrock:InvokeModel"],
        ["bedrock:ConverseStream"] = ["bedrock:InvokeModelWithResponseStream"],
    };

    // Calls that everybody may make who has credentials: no policy has to allow them.
    private static readonly HashSet<string> Free = new(StringComparer.OrdinalIgnoreCase)
    {
        "sts:GetCallerIdentity", "sts:GetSessionToken", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
    };

    // Names that CloudTrail, endpoints and tools have for a service, where its prefix in policies is another.
    private static readonly Dictionary<string, string> Prefixes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["monitoring"] = "cloudwatch",
        ["email"] = "ses",
        ["sesv2"] = "ses",
        ["elb"] = "elasticloadbalancing",
        ["elbv2"] = "elasticloadbalancing",
        ["emr"] = "elasticmapreduce",
        ["efs"] = "elasticfilesystem",
        ["sfn"] = "states",
        ["stepfunctions"] = "states",
        ["eventbridge"] = "events",
        ["cloudwatchlogs"] = "logs",
        ["opensearch"] = "es",
        ["opensearchservice"] = "es",
        ["streams.dynamodb"] = "dynamodb",
        ["dynamodbstreams"] = "dynamodb",
        ["cloudcontrolapi"] = "cloudformation",
        ["iotdata"] = "iot",
        ["data.iot"] = "iot",
        ["cognitoidentityprovider"] = "cognito-idp",
        ["apigatewayv2"] = "apigateway",
        ["s3api"] = "s3",
        ["s3control"] = "s3",
        ["bedrock-runtime"] = "bedrock",
        ["runtime.sagemaker"] = "sagemaker",
        ["api.ecr"] = "ecr",
        ["tagging"] = "tag",
        ["resourcegroupstaggingapi"] = "tag",
    };

    private static readonly Dictionary<string, string> RestVerbs = new(StringComparer.Ordinal)
    {
        ["Get"] = "GET", ["Create"] = "POST", ["Import"] = "POST", ["Test"] = "POST", ["Update"] = "PATCH", ["Put"] = "PUT", ["Delete"] = "DELETE", ["Tag"] = "PUT", ["Untag"] = "DELETE",
    };

    /// <summary>The permissions that a call of the API needs.</summary>
    /// <param name="service">Prefix of the service, or the source of a CloudTrail record: <c>s3</c>, <c>monitoring.amazonaws.com</c>.</param>
    /// <param name="call">Name of the call: <c>HeadObject</c>.</param>
    /// <returns>Actions that exist, in order; none for a call that needs no permission or is not known.</returns>
    public static IReadOnlyList<string> PermissionsOf(string service, string call)
    {
        string prefix = PrefixOf(service);
        string name = $"{prefix}:{call}";
        if (Free.Contains(name))
        {
            return [];
        }

        if (Known.TryGetValue(name, out string[]? permissions))
        {
            return permissions;
        }

        if (ActionCatalogue.Find(name) is { } same)
        {
            return [same.Action];
        }

        // CloudTrail has the version of some APIs in the name: CreateFunction20150331, GetDistribution2016_11_25.
        string undated = ApiVersion().Replace(call, "");
        if (undated != call)
        {
            return PermissionsOf(prefix, undated);
        }

        return prefix == "apigateway" && RestVerb().Match(call) is { Success: true } verb ? ["apigateway:" + RestVerbs[verb.Value]] : [];
    }

    /// <summary>Whether a call is one that no policy has to allow.</summary>
    /// <param name="service">Prefix or source, as for <see cref="PermissionsOf"/>.</param>
    /// <param name="call">Name of the call.</param>
    /// <returns>True if so.</returns>
    public static bool NeedsNoPermission(string service, string call) => Free.Contains($"{PrefixOf(service)}:{call}");

    /// <summary>The prefix that policies have for a service.</summary>
    /// <param name="service">A prefix, another usual name, or the source of a CloudTrail record.</param>
    /// <returns>The prefix; the name itself where it is not known.</returns>
    public static string PrefixOf(string service)
    {
        string name = service.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase) ? service[..^".amazonaws.com".Length] : service;
        return Prefixes.TryGetValue(name, out string? prefix) ? prefix : name.ToLowerInvariant();
    }

    /// <summary>What was probably meant by an action that does not exist: the permission of a call of that name first, then the nearest spelling.</summary>
    /// <param name="action">What was written: <c>s3:HeadObject</c>.</param>
    /// <returns>A sentence that says what to write; empty if nothing is similar.</returns>
    public static string WhatWasMeant(string action)
    {
        int colon = action.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            string[] owners = [.. ActionCatalogue.Match("*:" + action).Select(found => found.Action).Take(4)];
            return owners.Length > 0 ? $"An action begins with its service: write {string.Join(" or ", owners)}." : "An action is written service:Name, such as s3:GetObject.";
        }

        string service = action[..colon], name = action[(colon + 1)..];
        if (PermissionsOf(service, name) is { Count: > 0 } permissions)
        {
            return ActionCatalogue.HasService(service)
                ? $"{name} is a call of the API; its permission is {string.Join(" and ", permissions)}."
                : $"The prefix of that service is {PrefixOf(service)}: write {string.Join(" and ", permissions)}.";
        }

        if (NeedsNoPermission(service, name))
        {
            return "That call needs no permission.";
        }

        string prefix = PrefixOf(service);
        if (!ActionCatalogue.HasService(prefix))
        {
            string[] homes = [.. ActionCatalogue.Match("*:" + name).Select(found => found.Action).Take(4)];
            return homes.Length > 0 ? $"No service has the prefix '{service}'; did you mean {string.Join(" or ", homes)}?"
                : $"No service has the prefix '{service}'{Ending(PolicyReader.Suggest(service, ActionCatalogue.Services))}";
        }

        // The same name in other services, and what is spelled nearly like it in this one.
        List<string> meant = [.. ActionCatalogue.Match("*:" + name).Select(found => found.Action).Take(3)];
        string near = PolicyReader.Suggest(name, ActionCatalogue.Match(prefix + ":*").Select(found => found.Action[(prefix.Length + 1)..]));
        if (near.Length > 0)
        {
            meant.Add($"{prefix}:{near[(near.IndexOf('\'', StringComparison.Ordinal) + 1)..near.LastIndexOf('\'')]}");
        }

        return meant.Count > 0 ? $"Did you mean {string.Join(" or ", meant)}?"
            : $"{ActionCatalogue.ServiceName(prefix)} has no such action; Find-LabAction {prefix}:* lists those it has.";
    }

    private static string Ending(string suggestion) => suggestion.Length > 0 ? suggestion : ".";

    [GeneratedRegex(@"(?<=[a-z])(\d{8}(v\d+)?|\d{4}_\d{2}_\d{2})$")]
    private static partial Regex ApiVersion();

    [GeneratedRegex("^(Get|Create|Import|Test|Update|Put|Delete|Tag|Untag)(?=[A-Z])")]
    private static partial Regex RestVerb();
}
