using Amazon.Runtime;
using Amazon.Runtime.Internal;
using CloudLab.Core.Common;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>A call of a service that succeeded, with the parameters that say what it was about.</summary>
/// <param name="Service">Prefix of the service: <c>s3</c>.</param>
/// <param name="Call">Name of the call: <c>HeadObject</c>.</param>
/// <param name="Parameters">Names and values: <c>bucketName</c>, <c>key</c>.</param>
internal sealed record AwsCall(string Service, string Call, IReadOnlyList<KeyValuePair<string, string>> Parameters);

/// <summary>
/// What this process has asked AWS services for: each different call once, for a policy of just that (New-LabPolicyDocument -FromSession). It is
/// held in memory only; of many objects it keeps the folders, of very many the buckets.
/// </summary>
/// <param name="mostNames">How many calls are kept as they are; as many again with the folder in place of the object.</param>
internal sealed class AwsCallLog(int mostNames = 4096)
{
    /// <summary>Parameter that stands for all keys with this beginning, where <c>key</c> would be one of too many.</summary>
    public const string KeyFolder = "keyFolder";

    private readonly Dictionary<string, AwsCall> calls = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>The log of this process.</summary>
    public static AwsCallLog Current { get; } = new();

    /// <summary>Calls that found no room.</summary>
    public long LeftOut { get; private set; }

    /// <summary>Notes a call.</summary>
    /// <param name="service">Prefix of the service.</param>
    /// <param name="call">Name of the call.</param>
    /// <param name="parameters">Names and values; one whose value is null or empty is left out.</param>
    public void Add(string service, string call, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        List<KeyValuePair<string, string>> given = [];
        foreach ((string name, string? value) in parameters)
        {
            if (!string.IsNullOrEmpty(value))
            {
                given.Add(new(name, value));
            }
        }

        lock (gate)
        {
            if (calls.Count >= mostNames)
            {
                int place = given.FindIndex(parameter => parameter.Key == "key");
                if (place >= 0)
                {
                    string key = given[place].Value;
                    given[place] = new(KeyFolder, calls.Count < 2 * mostNames ? key[..(key.LastIndexOf('/') + 1)] : "");
                }
            }

            // Lengths keep names apart whatever characters they have.
            string text = $"{service}:{call} {string.Concat(given.Select(parameter => $"{parameter.Key}={parameter.Value.Length}:{parameter.Value}"))}";
            if (calls.Count < 4 * mostNames)
            {
                calls.TryAdd(text, new AwsCall(service, call, given));
            }
            else if (!calls.ContainsKey(text))
            {
                LeftOut++;
            }
        }
    }

    /// <summary>The calls so far.</summary>
    /// <returns>Each different one once.</returns>
    public IReadOnlyList<AwsCall> Read()
    {
        lock (gate)
        {
            return [.. calls.Values];
        }
    }
}

/// <summary>Notes the calls of a client of the AWS SDK. It stands before the retries, so that a call counts once.</summary>
/// <param name="service">Prefix of the service.</param>
internal sealed class CallLogHandler(string service) : PipelineHandler
{
    private static readonly string[] Told = ["BucketName", "Key", "Prefix", "VersionId"];

    /// <inheritdoc/>
    public override async Task<T> InvokeAsync<T>(IExecutionContext executionContext)
    {
        T answer = await base.InvokeAsync<T>(executionContext);
        IRequest request = executionContext.RequestContext.Request;
        string name = request.Parameters.TryGetValue("Action", out string? action) ? action : executionContext.RequestContext.RequestName.Replace("Request", "", StringComparison.Ordinal);
        List<(string, string?)> parameters = [];
        foreach ((string key, string value) in request.Parameters)
        {
            // Documents and tags say nothing of what a call is about, and may be long or secret.
            if (key is not ("Action" or "Version") && !key.Contains("Document", StringComparison.Ordinal) && value.Length < 512 && (key.EndsWith("Name", StringComparison.Ordinal) || key.EndsWith("Arn", StringComparison.Ordinal)))
            {
                parameters.Add((FirstLetter.Lower(key), value));
            }
        }

        object original = executionContext.RequestContext.OriginalRequest;
        foreach (string property in Told)
        {
            if (original.GetType().GetProperty(property)?.GetValue(original) is string value)
            {
                parameters.Add((FirstLetter.Lower(property), value));
            }
        }

        AwsCallLog.Current.Add(service, name, [.. parameters]);
        return answer;
    }
}
