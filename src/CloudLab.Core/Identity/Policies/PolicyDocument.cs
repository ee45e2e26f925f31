using System.Collections.Specialized;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// An IAM policy document, typed and immutable: the JSON policy language of the IAM User Guide
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html).
/// </summary>
[JsonConverter(typeof(Converter))]
public sealed class PolicyDocument : IPolicyNode
{
    /// <summary>The current version of the policy language, the one with policy variables.</summary>
    public const string CurrentVersion = "2012-10-17";

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Creates a document.</summary>
    /// <param name="statements">Its statements.</param>
    /// <param name="version">Version of the policy language.</param>
    /// <param name="id">Id of the document, or null.</param>
    public PolicyDocument(IReadOnlyList<PolicyStatement> statements, string version = CurrentVersion, string? id = null)
    {
        Statement = TextList.Of(statements);
        Version = version;
        Id = id;
    }

    /// <summary>Version of the policy language: <c>2012-10-17</c>, or <c>2008-10-17</c> for one without policy variables.</summary>
    public string Version { get; }

    /// <summary>Id of the document, or null.</summary>
    public string? Id { get; }

    /// <summary>Its statements, in order.</summary>
    public IReadOnlyList<PolicyStatement> Statement { get; }

    /// <summary>The statements, prepared for decisions.</summary>
    internal PolicyMatcher[] Matchers => field ??= [.. Statement.Select(static statement => new PolicyMatcher(statement))];

    /// <summary>Whether variables are replaced; before the current version their text stands for itself.</summary>
    internal bool HasVariables => Version == CurrentVersion;

    /// <summary>Reads a document, strictly. Throws <see cref="Common.Errors.LabException"/> naming the place of what is wrong.</summary>
    /// <param name="json">JSON text.</param>
    /// <param name="kind">What it is for; decides which elements it must have.</param>
    /// <returns>The document.</returns>
    public static PolicyDocument Parse(string json, PolicyKind kind = PolicyKind.Any) => PolicyReader.Read(json, kind);

    /// <summary>Checks that the document has what its use asks for. Throws <see cref="Common.Errors.LabException"/> naming the place.</summary>
    /// <param name="kind">What it is for.</param>
    /// <returns>The same document.</returns>
    public PolicyDocument Validated(PolicyKind kind)
    {
        PolicyReader.Validate(this, kind);
        return this;
    }

    /// <summary>Whether a statement names an action, without a wildcard.</summary>
    /// <param name="action">The action; case does not count.</param>
    /// <returns>True if one does.</returns>
    public bool Names(string action) => Statement.Any(statement => statement.Action.Concat(statement.NotAction).Contains(action, StringComparer.OrdinalIgnoreCase));

    /// <summary>Writes the document as JSON.</summary>
    /// <param name="indented">With line breaks, or as short as can be.</param>
    /// <returns>JSON text.</returns>
    public string ToJson(bool indented = true)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text, indented ? Indented : Compact))
        {
            Write(writer);
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    /// <summary>The document as indented JSON.</summary>
    /// <returns>JSON text.</returns>
    public override string ToString() => ToJson();

    OrderedDictionary IPolicyNode.Elements()
    {
        OrderedDictionary elements = new(StringComparer.OrdinalIgnoreCase) { ["Version"] = Version };
        if (Id is not null)
        {
            elements["Id"] = Id;
        }

        elements["Statement"] = Statement;
        return elements;
    }

    private static void WriteStatement(Utf8JsonWriter writer, PolicyStatement statement)
    {
        writer.WriteStartObject();
        if (statement.Sid is not null)
        {
            writer.WriteString("Sid", statement.Sid);
        }

        writer.WriteString("Effect", statement.Effect.ToString());
        WritePrincipal(writer, "Principal", statement.Principal);
        WritePrincipal(writer, "NotPrincipal", statement.NotPrincipal);
        WriteValues(writer, "Action", statement.Action);
        WriteValues(writer, "NotAction", statement.NotAction);
        WriteValues(writer, "Resource", statement.Resource);
        WriteValues(writer, "NotResource", statement.NotResource);
        if (statement.Condition.Count > 0)
        {
            writer.WriteStartObject("Condition");
            foreach (IGrouping<string, PolicyCondition> group in statement.Condition.GroupBy(condition => condition.Operator))
            {
                writer.WriteStartObject(group.Key);
                foreach (PolicyCondition condition in group)
                {
                    WriteValues(writer, condition.Key, condition.Value, evenEmpty: true);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WritePrincipal(Utf8JsonWriter writer, string name, PolicyPrincipal? principal)
    {
        if (principal is null)
        {
            return;
        }

        if (principal.IsEveryone)
        {
            writer.WriteString(name, "*");
            return;
        }

        writer.WriteStartObject(name);
        WriteValues(writer, "AWS", principal.AWS);
        WriteValues(writer, "Service", principal.Service);
        WriteValues(writer, "Federated", principal.Federated);
        WriteValues(writer, "CanonicalUser", principal.CanonicalUser);
        writer.WriteEndObject();
    }

    private static void WriteValues(Utf8JsonWriter writer, string name, IReadOnlyList<string> values, bool evenEmpty = false)
    {
        if (values.Count == 1)
        {
            writer.WriteString(name, values[0]);
        }
        else if (values.Count > 1 || evenEmpty)
        {
            writer.WriteStartArray(name);
            foreach (string value in values)
            {
                writer.WriteStringValue(value);
            }

            writer.WriteEndArray();
        }
    }

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("Version", Version);
        if (Id is not null)
        {
            writer.WriteString("Id", Id);
        }

        writer.WriteStartArray("Statement");
        foreach (PolicyStatement statement in Statement)
        {
            WriteStatement(writer, statement);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Serializes a document as the policy language has it.</summary>
    private sealed class Converter : JsonConverter<PolicyDocument>
    {
        public override PolicyDocument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using JsonDocument json = JsonDocument.ParseValue(ref reader);
            return Parse(json.RootElement.GetRawText());
        }

        public override void Write(Utf8JsonWriter writer, PolicyDocument value, JsonSerializerOptions options) => value.Write(writer);
    }
}
