using System.Collections;
using System.Management.Automation;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>A cmdlet whose objects are named by <c>-Bucket</c> and <c>-Key</c>, or by both in one: <c>-Bucket s3://bucket/key</c>.</summary>
internal interface IObjectNames
{
    /// <summary>Whether keys are wanted, and not what begins with a prefix.</summary>
    bool TakesKeys => true;

    /// <summary>The bucket, or the whole name of an object.</summary>
    string Bucket { get; set; }

    /// <summary>The keys.</summary>
    string[] Key { get; set; }

    /// <summary>What a second value after the whole name of an object may have been meant for, with its parameter; for the message.</summary>
    /// <param name="name">The whole name.</param>
    /// <param name="second">The second value.</param>
    /// <returns>Ends "omit -Key, or …".</returns>
    string SecondValueAdvice((string Bucket, string Key) name, string second) => "give only the name of the bucket";

    /// <summary>How an object can be named; for the message.</summary>
    string KeyAdvice => "use -Key, or -Bucket as s3://bucket/key";

    /// <summary>The parameter that takes the rest of a place, for a command that is advised.</summary>
    /// <param name="rest">What follows the bucket; a folder ends with a slash.</param>
    /// <param name="side">Beginning of the parameter's name: <c>Destination</c>; empty for none.</param>
    /// <returns><c> -DestinationKey 'data/a.json'</c>, with a space before it; empty where there is no rest.</returns>
    static string Parameter(string rest, string side = "") =>
        rest.Length == 0 ? "" : $" -{side}{(rest.EndsWith('/') ? "Prefix" : "Key")} {PowerShellText.Quote(rest)}";

    /// <summary>Takes whole names apart, and refuses an input without a bucket or a key.</summary>
    /// <param name="stops">Whether nothing can be done then; else the next input may have one.</param>
    void Split(bool stops = false)
    {
        if (Bucket.Length == 0)
        {
            (string Bucket, string Key)?[] names = TakesKeys ? [.. Key.Select(ObjectName.Parse)] : [];
            if (names is not [({ Length: > 0 } first, _), ..] || names.Any(name => name is not (_, { Length: > 0 }) || name.Value.Bucket != first))
            {
                throw Unclear("NoBucket", $"No bucket is given{(Key is [var text, ..] ? $" for '{text}'" : "")}: use -Bucket, or name the object as s3://bucket/key.", stops);
            }

            (Bucket, Key) = (first, [.. names.Select(name => name!.Value.Key)]);
            return;
        }

        if (!TakesKeys)
        {
            return;
        }

        bool hasKey = Key.Length > 0;
        if (ObjectName.Parse(Bucket) is var (bucket, key) && key.Length > 0)
        {
            if (hasKey)
            {
                throw Unclear("TwoKeys", $"'{Bucket}' already names an object: omit -Key ('{Key[0]}'), or {SecondValueAdvice((bucket, key), Key[0])}.", stops);
            }

            (Bucket, Key) = (bucket, [key]);
        }
        else if (!hasKey)
        {
            throw Unclear("NoKey", $"No key is given for bucket '{Bucket}': {KeyAdvice}.", stops);
        }
    }

    private LabException Unclear(string code, string message, bool stops) => new(LabErrorKind.InvalidArgument, code, message) { Target = Bucket, StopsCommand = stops };
}

/// <summary>Marks a parameter for keys that takes them from the pipeline as text: what is no text and has no Key is refused, and not taken by what it looks like as text.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class KeyTextAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object plain = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        if (plain is string text && string.IsNullOrWhiteSpace(text))
        {
            throw new ArgumentTransformationMetadataException("A blank line is not a key: leave such lines out (Where-Object { $_.Trim() }).");
        }

        if (plain is LabObject found)
        {
            return found.Key;
        }

        if (plain is IEnumerable several and not (string or IDictionary))
        {
            return several.Cast<object?>().Select(item => (item is PSObject wrapped ? wrapped.BaseObject : item) is LabObject one ? one.Key : item).ToArray();
        }

        if (plain is null or string or ValueType)
        {
            return inputData;
        }

        if (PSObject.AsPSObject(inputData).Properties["Key"] is { Value: { } key })
        {
            return key;
        }

        // The inner exception makes the binder go on to what else the input may bind to.
        string problem = $"{plain.GetType().Name} '{plain}' is not a key";
        throw new ArgumentTransformationMetadataException(problem, new PSInvalidCastException(problem));
    }
}
