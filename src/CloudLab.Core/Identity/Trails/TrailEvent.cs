using System.Text.Json;

namespace CloudLab.Core.Identity.Trails;

/// <summary>
/// What a record of CloudTrail says of who did what to what
/// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html). One object is filled again and
/// again, so that a trail of any length takes the same memory.
/// </summary>
internal sealed class TrailEvent
{
    private const int MaxFacts = 64;
    private const int MaxDepth = 6;

    private readonly List<KeyValuePair<string, string>> parameters = [];
    private readonly List<string> resources = [];
    private readonly List<string> answered = [];

    /// <summary>Source: <c>s3.amazonaws.com</c>.</summary>
    public string Source { get; set; } = "";

    /// <summary>Name of the call.</summary>
    public string Name { get; set; } = "";

    /// <summary>Error code; null for success.</summary>
    public string? ErrorCode { get; private set; }

    /// <summary>Type of the caller: IAMUser, AssumedRole, Root, AWSService, …</summary>
    public string IdentityType { get; private set; } = "";

    /// <summary>ARN of the caller; that of the session for an assumed role.</summary>
    public string IdentityArn { get; set; } = "";

    /// <summary>ARN of the role of a session.</summary>
    public string? IssuerArn { get; private set; }

    /// <summary>Account of the caller.</summary>
    public string? Account { get; set; }

    /// <summary>Account of the resource.</summary>
    public string? Recipient { get; private set; }

    /// <summary>Region.</summary>
    public string Region { get; set; } = "";

    /// <summary>When, as the record has it.</summary>
    public string Time { get; private set; } = "";

    /// <summary>Texts among the parameters of the request, by the name of the innermost property.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters => parameters;

    /// <summary>ARNs of the resources that the record lists.</summary>
    public IReadOnlyList<string> Resources => resources;

    /// <summary>ARNs in the answer.</summary>
    public IReadOnlyList<string> Answered => answered;

    /// <summary>Whether the call was refused for lack of permission.</summary>
    public bool IsDenied => ErrorCode is not null
        && (ErrorCode.Contains("AccessDenied", StringComparison.OrdinalIgnoreCase) || ErrorCode.Contains("Unauthorized", StringComparison.OrdinalIgnoreCase)
            || ErrorCode is "Forbidden" or "NotAuthorized" or "AuthorizationError");

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        (Source, Name, ErrorCode, IdentityType, IdentityArn, IssuerArn, Account, Recipient, Region, Time) = ("", "", null, "", "", null, null, null, "", "");
        parameters.Clear();
        resources.Clear();
        answered.Clear();
    }

    /// <summary>Adds a parameter of a request.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public void Add(string name, string value) => parameters.Add(new(name, value));

    /// <summary>The first parameter of a name.</summary>
    /// <param name="name">The name, in any case of letters.</param>
    /// <returns>Its value, or null.</returns>
    public string? Parameter(string name)
    {
        foreach ((string key, string value) in parameters)
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>Fills it from a record.</summary>
    /// <param name="json">The record, or an item of what LookupEvents answers, which has it as a text.</param>
    /// <returns>True if it is a record. Throws <see cref="JsonException"/>.</returns>
    public bool Read(ReadOnlySpan<byte> json)
    {
        Clear();
        Utf8JsonReader reader = new(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("CloudTrailEvent"u8))
            {
                reader.Read();
                return reader.TokenType == JsonTokenType.String && Read(System.Text.Encoding.UTF8.GetBytes(reader.GetString()!));
            }

            if (reader.ValueTextEquals("eventSource"u8))
            {
                Source = Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("eventName"u8))
            {
                Name = Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("errorCode"u8))
            {
                ErrorCode = Text(ref reader);
            }
            else if (reader.ValueTextEquals("awsRegion"u8))
            {
                Region = Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("eventTime"u8))
            {
                Time = Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("recipientAccountId"u8))
            {
                Recipient = Text(ref reader);
            }
            else if (reader.ValueTextEquals("userIdentity"u8))
            {
                ReadIdentity(ref reader);
            }
            else if (reader.ValueTextEquals("requestParameters"u8))
            {
                reader.Read();
                ReadFacts(ref reader, "", 0, (name, value) =>
                {
                    if (parameters.Count < MaxFacts)
                    {
                        parameters.Add(new(name, value));
                    }
                });
            }
            else if (reader.ValueTextEquals("resources"u8))
            {
                reader.Read();
                ReadFacts(ref reader, "", 0, (name, value) => AddArn(resources, value));
            }
            else if (reader.ValueTextEquals("responseElements"u8))
            {
                reader.Read();
                ReadFacts(ref reader, "", 0, (name, value) => AddArn(answered, value));
            }
            else
            {
                reader.Skip();
            }
        }

        return Source.Length > 0 && Name.Length > 0;
    }

    private static void AddArn(List<string> list, string value)
    {
        if (list.Count < MaxFacts && value.StartsWith("arn:", StringComparison.Ordinal) && !list.Contains(value))
        {
            list.Add(value);
        }
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }

    // Texts at any depth, by the name of the property that is nearest.
    private static void ReadFacts(ref Utf8JsonReader reader, string name, int depth, Action<string, string> found)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when reader.ValueSpan.Length < 2048:
                found(name, reader.GetString()!);
                break;
            case JsonTokenType.StartObject when depth < MaxDepth:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    string inner = reader.GetString()!;
                    reader.Read();
                    ReadFacts(ref reader, inner, depth + 1, found);
                }

                break;
            case JsonTokenType.StartArray when depth < MaxDepth:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    ReadFacts(ref reader, name, depth + 1, found);
                }

                break;
            default:
                reader.Skip();
                break;
        }
    }

    private void ReadIdentity(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                IdentityType = Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("arn"u8))
            {
                IdentityArn = Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("accountId"u8))
            {
                Account = Text(ref reader);
            }
            else if (reader.ValueTextEquals("sessionContext"u8))
            {
                ReadIssuer(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadIssuer(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals("sessionIssuer"u8))
            {
                reader.Skip();
                continue;
            }

            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("arn"u8))
                {
                    IssuerArn = Text(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }
}
