using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Review;

/// <summary>A file of findings that are accepted, each with the reason that a person wrote beside it.</summary>
public sealed class ReviewBaseline
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<string, JsonObject> accepted = new(StringComparer.Ordinal);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    private ReviewBaseline()
    {
    }

    /// <summary>How many accepted findings have not been found since the file was read.</summary>
    public int Stale => accepted.Count - seen.Count;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="mayBeMissing">Whether a file that does not exist counts as an empty one.</param>
    /// <returns>The baseline. Throws <see cref="LabException"/> (<c>BaselineUnreadable</c>, <c>BaselineInvalid</c>).</returns>
    public static ReviewBaseline Read(string path, bool mayBeMissing = false)
    {
        ReviewBaseline baseline = new();
        if (mayBeMissing && !File.Exists(path))
        {
            return baseline;
        }

        try
        {
            foreach (JsonNode? item in StrictJson.Parse(File.ReadAllText(path)) is JsonObject root && root["accepted"] is JsonArray list ? list : throw new JsonException("it has no list 'accepted'"))
            {
                if (item is JsonObject finding && StrictJson.Text(finding, "fingerprint") is { } fingerprint)
                {
                    baseline.accepted[fingerprint] = finding;
                }
                else
                {
                    throw new JsonException("an item of 'accepted' has no 'fingerprint'");
                }
            }
        }
        catch (JsonException e)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "BaselineInvalid", $"The baseline {path} is not valid: {e.Message.TrimEnd('.')}. Write it again with -UpdateBaseline.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "BaselineUnreadable", $"The baseline {path} cannot be read: {e.Message} Write it with -UpdateBaseline.", e);
        }

        return baseline;
    }

    /// <summary>Whether a finding is accepted.</summary>
    /// <param name="finding">The finding.</param>
    /// <returns>True if it is.</returns>
    public bool Accepts(LabPolicyFinding finding)
    {
        bool known = accepted.ContainsKey(finding.Fingerprint);
        if (known)
        {
            seen.Add(finding.Fingerprint);
        }

        return known;
    }

    /// <summary>Writes a file that accepts these findings, and no others; reasons that were written before stay.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="findings">The findings.</param>
    public void Write(string path, IEnumerable<LabPolicyFinding> findings)
    {
        JsonArray list = [];
        foreach (LabPolicyFinding finding in findings.DistinctBy(finding => finding.Fingerprint)
            .OrderBy(finding => finding.Principal, StringComparer.Ordinal).ThenBy(finding => finding.Id, StringComparer.Ordinal).ThenBy(finding => finding.Fingerprint, StringComparer.Ordinal))
        {
            list.Add(new JsonObject
            {
                ["fingerprint"] = finding.Fingerprint,
                ["id"] = finding.Id,
                ["severity"] = finding.Severity.ToString(),
                ["principal"] = finding.Principal,
                ["policy"] = finding.Policy,
                ["statement"] = finding.Statement,
                ["why"] = finding.Why,
                ["reason"] = accepted.GetValueOrDefault(finding.Fingerprint)?["reason"]?.DeepClone() ?? "",
            });
        }

        try
        {
            File.WriteAllText(path, new JsonObject { ["version"] = 1, ["accepted"] = list }.ToJsonString(Indented) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new LabException(LabErrorKind.WriteFailed, "BaselineNotWritten", $"The baseline {path} cannot be written: {e.Message}", e) { StopsCommand = true };
        }
    }
}
