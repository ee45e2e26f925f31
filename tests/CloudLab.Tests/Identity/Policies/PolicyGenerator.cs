using System.Text.Json.Nodes;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Tests.Identity.Policies;

/// <summary>Makes policies and requests that have something to do with each other. The same seed makes the same ones.</summary>
/// <param name="seed">Seed.</param>
/// <param name="bucket">Bucket that everything is about.</param>
internal sealed class PolicyGenerator(int seed, string bucket = "movies")
{
    public const string Account = "123456789012";

    private readonly Random random = new(seed);

    /// <summary>Conditions to choose from: operator, key, values.</summary>
    public IReadOnlyList<(string Operator, string Key, string[] Values)> Conditions { get; init; } =
    [
        ("StringEquals", "s3:prefix", ["data/", "secret/"]), ("StringLike", "s3:prefix", ["data/*"]), ("StringNotLike", "s3:prefix", ["secret/*"]),
        ("StringNotEquals", "s3:prefix", ["secret/"]), ("StringLikeIfExists", "s3:prefix", ["da?a/*"]), ("StringNotEqualsIfExists", "s3:prefix", ["data/"]),
        ("StringEqualsIgnoreCase", "s3:prefix", ["DATA/"]), ("Null", "s3:prefix", ["true"]), ("Null", "s3:prefix", ["false"]),
        ("NumericLessThanEquals", "s3:max-keys", ["10"]), ("NumericGreaterThan", "s3:max-keys", ["10"]), ("NumericNotEquals", "s3:max-keys", ["10"]),
        ("IpAddress", "aws:SourceIp", ["127.0.0.0/8"]), ("NotIpAddress", "aws:SourceIp", ["127.0.0.0/8"]), ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "127.0.0.1"]),
        ("Bool", "aws:SecureTransport", ["false"]), ("Bool", "aws:SecureTransport", ["true"]),
        ("DateLessThan", "aws:CurrentTime", ["2030-01-01T00:00:00Z"]), ("DateGreaterThan", "aws:CurrentTime", ["2030-01-01T00:00:00Z"]),
    ];

    /// <summary>Actions to choose requests from: on objects, and on the bucket.</summary>
    public IReadOnlyList<string> ObjectActions { get; init; } = ["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"];

    public IReadOnlyList<string> BucketActions { get; init; } = ["s3:ListBucket", "s3:ListBucket", "s3:GetBucketLocation", "s3:GetBucketVersioning"];

    /// <summary>Whether NotAction may occur.</summary>
    public bool NotAction { get; init; } = true;

    public IReadOnlyList<string> Keys { get; } = ["data/a.txt", "data/b.txt", "secret/c.txt", "top.txt"];

    public T OneOf<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    public bool Chance(double probability) => random.NextDouble() < probability;

    /// <summary>A policy of one to three statements.</summary>
    /// <param name="principals">Principals to choose from, as JSON; null for a policy of an identity.</param>
    /// <param name="variables">Whether policy variables may occur.</param>
    /// <returns>JSON.</returns>
    public JsonObject Policy(IReadOnlyList<string>? principals = null, bool variables = false)
    {
        JsonArray statements = [];
        int count = random.Next(1, 4);
        for (int i = 0; i < count; i++)
        {
            JsonObject statement = new() { ["Effect"] = Chance(i == 0 ? 0.9 : 0.6) ? "Allow" : "Deny" };
            if (principals is not null)
            {
                statement["Principal"] = JsonNode.Parse(OneOf(principals));
            }

            statement[NotAction && Chance(0.15) ? "NotAction" : "Action"] = Values(
                ["s3:*", "s3:Get*", "s3:List*", "s3:Put*", "s3:GetObject", "s3:GetObject*", "s3:PutObject", "s3:ListBucket", "s3:?etObject", "s3:getobjecttagging", "s3:GetBucket*"]);
            List<string> resources = ["*", "arn:aws:s3:::*", $"arn:aws:s3:::{bucket}", $"arn:aws:s3:::{bucket}/*", $"arn:aws:s3:::{bucket}/data/*", $"arn:aws:s3:::{bucket}/data/?.txt", $"arn:aws:s3:::{bucket}*", $"arn:aws:s3:::{bucket}/secret/c.txt"];
            if (variables)
            {
                resources.AddRange([$"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/team}}/*", $"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/none, 'data'}}/*", $"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/none}}*"]);
            }

            statement[Chance(0.12) ? "NotResource" : "Resource"] = Values(principals is null ? resources : [.. resources.Where(resource => resource.Contains(bucket, StringComparison.Ordinal))]);
            JsonObject conditions = [];
            for (int c = random.Next(4) switch { 0 => 2, 1 => 1, _ => 0 }; c > 0; c--)
            {
                (string name, string key, string[] values) = OneOf(Conditions);
                JsonObject keys = conditions[name] as JsonObject ?? [];
                keys[key] = values.Length == 1 && Chance(0.5) ? values[0] : new JsonArray([.. values.Select(value => (JsonNode)value)]);
                conditions[name] = keys;
            }

            if (conditions.Count > 0)
            {
                statement["Condition"] = conditions;
            }

            statements.Add(statement);
        }

        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = statements.Count == 1 && Chance(0.3) ? statements[0]!.DeepClone() : statements };
    }

    /// <summary>A request: action, key (null for one on the bucket), prefix and largest number of keys of a listing.</summary>
    /// <returns>The request.</returns>
    public (string Action, string? Key, string? Prefix, int? MaxKeys) Request()
    {
        if (Chance(0.55))
        {
            return (OneOf(ObjectActions), OneOf(Keys), null, null);
        }

        string action = OneOf(BucketActions);
        return action == "s3:ListBucket"
            ? (action, null, OneOf<string?>([null, "data/", "secret/", "data/a"]), OneOf<int?>([null, 5, 10, 50]))
            : (action, null, null, null);
    }

    /// <summary>ARN of what a request is for.</summary>
    /// <param name="key">Key, or null for the bucket.</param>
    /// <returns>The ARN.</returns>
    public string Arn(string? key) => $"arn:aws:s3:::{bucket}" + (key is null ? "" : "/" + key);

    public static PolicyDocument Read(JsonObject policy) => PolicyDocument.Parse(policy.ToJsonString());

    private JsonNode Values(IReadOnlyList<string> choices)
    {
        string[] values = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => OneOf(choices)).Distinct()];
        return values.Length == 1 && Chance(0.6) ? values[0] : new JsonArray([.. values.Select(value => (JsonNode)value)]);
    }
}
