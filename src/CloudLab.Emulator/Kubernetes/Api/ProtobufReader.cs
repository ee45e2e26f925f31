using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>
/// Reads objects in Kubernetes' protobuf, which kubectl sends for kinds it knows: an envelope, then the object's
/// message. The schema has the field numbers. Answers are always JSON, which every client takes.
/// </summary>
internal static class ProtobufReader
{
    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    public static JsonObject Read(ReadOnlySpan<byte> body, Shape shape)
    {
        if (!body.StartsWith(Magic))
        {
            throw new InvalidDataException("the body does not begin as Kubernetes protobuf does");
        }

        JsonObject node = [];
        ReadOnlySpan<byte> raw = default, rest = body[Magic.Length..];
        while (Next(ref rest, out int number, out Wire wire))
        {
            if (number == 1)
            {
                ReadOnlySpan<byte> meta = wire.Bytes(ref rest);
                while (Next(ref meta, out int part, out Wire inner))
                {
                    string text = Encoding.UTF8.GetString(inner.Bytes(ref meta));
                    node[part == 1 ? "apiVersion" : "kind"] = text;
                }
            }
            else if (number == 2)
            {
                raw = wire.Bytes(ref rest);
            }
            else
            {
                wire.Skip(ref rest);
            }
        }

        Message(raw, shape, "", node);
        return node;
    }

    private static void Message(ReadOnlySpan<byte> data, Shape shape, string prefix, JsonObject into)
    {
        while (Next(ref data, out int number, out Wire wire))
        {
            string at = prefix + number.ToString(CultureInfo.InvariantCulture);
            FieldSchema? field = shape.Type!.Fields.Values.FirstOrDefault(field => field.Number == at);
            if (field is null)
            {
                if (wire.Type == 2 && shape.Type.Fields.Values.Any(field => field.Number?.StartsWith(at + ".", StringComparison.Ordinal) == true))
                {
                    Message(wire.Bytes(ref data), shape, at + ".", into);
                }
                else
                {
                    wire.Skip(ref data);
                }

                continue;
            }

            switch (field.Shape.Kind)
            {
                case ShapeKind.List:
                    JsonArray list = into.EnsureList(field.Name);
                    if (wire.Type == 2 && field.Shape.Item().Kind == ShapeKind.Integer)
                    {
                        ReadOnlySpan<byte> packed = wire.Bytes(ref data);
                        while (!packed.IsEmpty)
                        {
                            list.Add((long)Varint(ref packed));
                        }
                    }
                    else
                    {
                        list.Add(Value(ref data, wire, field.Shape.Item(), keepZero: true));
                    }

                    break;
                case ShapeKind.Map:
                    Entry(wire.Bytes(ref data), field.Shape.Element!, into.Ensure(field.Name));
                    break;
                default:
                    if (Value(ref data, wire, field.Shape, field.IsPointer) is { } value)
                    {
                        into[field.Name] = value;
                    }

                    break;
            }
        }
    }

    private static void Entry(ReadOnlySpan<byte> data, Shape element, JsonObject into)
    {
        string key = "";
        JsonNode? value = element.Kind is ShapeKind.String or ShapeKind.Bytes ? "" : null;
        while (Next(ref data, out int number, out Wire wire))
        {
            if (number == 1)
            {
                key = Encoding.UTF8.GetString(wire.Bytes(ref data));
            }
            else
            {
                value = Value(ref data, wire, element, keepZero: true);
            }
        }

        into[key] = value;
    }

    /// <summary>One value; null where it is the zero that stands for nothing.</summary>
    private static JsonNode? Value(ref ReadOnlySpan<byte> data, Wire wire, Shape shape, bool keepZero)
    {
        switch (wire.Type)
        {
            case 0:
                long number = (long)Varint(ref data);
                return number == 0 && !keepZero ? null : shape.Kind == ShapeKind.Boolean ? JsonValue.Create(number != 0) : JsonValue.Create(number);
            case 1:
                double real = BinaryPrimitives.ReadDoubleLittleEndian(data);
                data = data[8..];
                return JsonValue.Create(real);
            case 5:
                wire.Skip(ref data);
                return null;
        }

        ReadOnlySpan<byte> bytes = wire.Bytes(ref data);
        switch (shape.Kind)
        {
            case ShapeKind.Object:
                JsonObject inner = [];
                Message(bytes, shape, "", inner);
                return inner.Count == 0 && !keepZero ? null : inner;
            case ShapeKind.List:
                throw new InvalidDataException("a list of lists");
            case ShapeKind.Bytes:
                return Convert.ToBase64String(bytes);
            case ShapeKind.Time or ShapeKind.MicroTime:
                return Time(bytes, shape.Kind);
            case ShapeKind.Quantity:
                return Next(ref bytes, out _, out Wire text) ? Encoding.UTF8.GetString(text.Bytes(ref bytes)) : null;
            case ShapeKind.IntOrString:
                return IntOrString(bytes, keepZero);
            case ShapeKind.Any or ShapeKind.Deduced:
                return Next(ref bytes, out _, out Wire raw) && raw.Bytes(ref bytes) is { IsEmpty: false } json ? Json.Parse(json) : null;
            default:
                return bytes.IsEmpty && !keepZero ? null : JsonValue.Create(Encoding.UTF8.GetString(bytes));
        }
    }

    private static JsonNode? Time(ReadOnlySpan<byte> data, ShapeKind kind)
    {
        long seconds = 0, nanos = 0;
        bool any = false;
        while (Next(ref data, out int number, out _))
        {
            any = true;
            long value = (long)Varint(ref data);
            (seconds, nanos) = number == 1 ? (value, nanos) : (seconds, value);
        }

        if (!any || seconds < -62_000_000_000)
        {
            return null;
        }

        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100);
        return kind == ShapeKind.Time ? Json.Time(time) : time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
    }

    private static JsonNode? IntOrString(ReadOnlySpan<byte> data, bool keepZero)
    {
        long type = 0, number = 0;
        string text = "";
        while (Next(ref data, out int field, out Wire wire))
        {
            switch (field)
            {
                case 1:
                    type = (long)Varint(ref data);
                    break;
                case 2:
                    number = (long)Varint(ref data);
                    break;
                default:
                    text = Encoding.UTF8.GetString(wire.Bytes(ref data));
                    break;
            }
        }

        return type == 1 ? JsonValue.Create(text) : number == 0 && !keepZero ? null : JsonValue.Create(number);
    }

    private static bool Next(ref ReadOnlySpan<byte> data, out int number, out Wire wire)
    {
        if (data.IsEmpty)
        {
            (number, wire) = (0, default);
            return false;
        }

        ulong tag = Varint(ref data);
        (number, wire) = ((int)(tag >> 3), new Wire((int)(tag & 7)));
        return true;
    }

    private static ulong Varint(scoped ref ReadOnlySpan<byte> data)
    {
        ulong value = 0;
        for (int i = 0; i < 10; i++)
        {
            byte part = data[i];
            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part < 0x80)
            {
                data = data[(i + 1)..];
                return value;
            }
        }

        throw new InvalidDataException("a number that does not end");
    }

    /// <summary>How a field's value is written.</summary>
    private readonly record struct Wire(int Type)
    {
        public ReadOnlySpan<byte> Bytes(scoped ref ReadOnlySpan<byte> data)
        {
            if (Type != 2)
            {
                throw new InvalidDataException("a field of another type than its schema says");
            }

            int length = checked((int)Varint(ref data));
            ReadOnlySpan<byte> bytes = data[..length];
            data = data[length..];
            return bytes;
        }

        public void Skip(ref ReadOnlySpan<byte> data)
        {
            switch (Type)
            {
                case 0:
                    Varint(ref data);
                    break;
                case 1:
                    data = data[8..];
                    break;
                case 2:
                    Bytes(ref data);
                    break;
                case 5:
                    data = data[4..];
                    break;
                default:
                    throw new InvalidDataException("a field of unknown type");
            }
        }
    }
}
